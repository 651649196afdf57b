using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Bodies;
using MarketplaceWebhook.Cli.Output;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class NotificationBodyTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Every_known_status_has_a_documented_body()
    {
        string[] resources = typeof(NotificationBody).Assembly.GetManifestResourceNames();

        Assert.All(NotificationBody.Names, name => Assert.True(
            resources.Contains($"Bodies/{name}.json"), $"MarketplaceWebhook.Cli/Bodies/{name}.json is missing."));
    }

    [Fact]
    public void Installed_is_the_documented_body_without_its_error()
    {
        var documented = JsonNode.Parse(NotificationBody.Read("installed-with-errors").Bytes)!;
        documented["Errors"] = new JsonArray();

        Assert.True(JsonNode.DeepEquals(documented, JsonNode.Parse(NotificationBody.Read("installed").Bytes)));
    }

    [Fact]
    public void File_without_replaced_values_keeps_its_bytes()
    {
        File.WriteAllBytes(_file, [0xEF, 0xBB, 0xBF, (byte)'{', 0xFF]);

        Assert.Equal([0xEF, 0xBB, 0xBF, (byte)'{', 0xFF], NotificationBody.Read(_file).With(null, null, null).Bytes);
    }

    [Fact]
    public void Replaced_values_leave_other_properties_unchanged()
    {
        var account = Guid.NewGuid();

        var body = JsonNode.Parse(NotificationBody.Read("installed-with-errors").With(account, "Größe \"&\" 😀", 77).Bytes)!;

        Assert.Equal(account.ToString(), (string?)body["AccountId"]);
        Assert.Equal("Größe \"&\" 😀", (string?)body["AccountApiId"]);
        Assert.Equal(77, (long)body["MarketplaceIntegrationPackageId"]!);
        Assert.Equal("Failed to start cycle", (string?)body["Errors"]![0]);
        Assert.Equal(7, body.AsObject().Count);
    }

    [Fact]
    public void Property_name_in_another_case_is_replaced_without_a_duplicate()
    {
        File.WriteAllText(_file, """{"accountid":"x"}""");

        var body = JsonNode.Parse(NotificationBody.Read(_file).With(Guid.Empty, null, null).Bytes)!;

        Assert.Equal(Guid.Empty.ToString(), (string?)Assert.Single(body.AsObject()).Value);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("not JSON")]
    [InlineData("null")]
    public void Replacing_values_fails_for_a_body_that_is_not_an_object(string text)
    {
        File.WriteAllText(_file, text);

        Assert.Throws<UserErrorException>(() => NotificationBody.Read(_file).With(null, null, 1));
    }

    [Fact]
    public void Unknown_name_is_reported_in_the_error()
    {
        var failure = Assert.Throws<UserErrorException>(() => NotificationBody.Read("instaled"));

        Assert.Contains("'instaled' is neither a file nor one of installed", failure.Message, StringComparison.Ordinal);
    }
}
