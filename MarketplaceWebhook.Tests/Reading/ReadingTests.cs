using System.Text.RegularExpressions;
using Azure.Data.Tables;
using FsCheck.Xunit;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Reading;

/// <summary>The code in docs/reading.md. The end-to-end tests run its TypeScript.</summary>
public sealed partial class ReadingTests(AzuriteFixture azurite)
{
    private const string Awkward = "a/b\\c#d?e%f~g 'ü'";

    private static readonly Guid One = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly string Long = new('日', 200);

    [Theory]
    [InlineData("csharp", "MarketplaceWebhook.Tests/Reading/CustomerInstalls.cs")]
    [InlineData("ts", "samples/reading/customerInstalls.ts")]
    public void Document_has_the_code_that_is_run(string language, string file) =>
        Assert.Equal(
            Repository.Read(file).Replace($"namespace {typeof(CustomerInstalls).Namespace};\n\n", "", StringComparison.Ordinal),
            CodeBlock().Matches(Repository.Read("docs/reading.md"))
                .Single(block => block.Groups["language"].Value == language).Groups["code"].Value);

    [Property(MaxTest = 500, Arbitrary = [typeof(ApiIdKeyTests.ApiIds)])]
    public void Documented_key_is_that_of_the_application(string apiId) =>
        Assert.Equal(TableKeys.ApiId(apiId), CustomerInstalls.KeyOf(apiId));

    [Fact]
    public async Task Customer_is_read_in_CSharp_by_either_id()
    {
        await using var services = await FillAsync();
        var tables = new TableServiceClient(services.ConnectionString);
        var customers = new CustomerInstalls(tables.GetTableClient("Accounts"), tables.GetTableClient("Installs"));

        var install = Assert.Single(await customers.ReadByApiIdAsync(Awkward, Cancellation));
        Assert.Equal(
            (One.ToString(), Awkward, 1L, "installed", 0),
            (install.PartitionKey, install.AccountApiId, install.PackageId, install.Status, install.ErrorCount));
        Assert.Equal(2L, Assert.Single(await customers.ReadByApiIdAsync(Long, Cancellation)).PackageId);
        Assert.Equal(Two.ToString(), Assert.Single(await customers.ReadByApiIdAsync("moved", Cancellation)).PartitionKey);
        Assert.Equal([1L, 2L], (await customers.ReadByAccountIdAsync(One, Cancellation)).Select(i => i.PackageId));
        Assert.Empty(await customers.ReadByApiIdAsync("unknown", Cancellation));
    }

    private async Task<MaintenanceServices> FillAsync()
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", One, 1, "moved", cycles: [Two]));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", One, 1, Awkward));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("stopped", One, 2, Long));
        await services.ProjectAsync(Ids.Minute(4), NotificationBody.Of("installed", Two, 1, "moved"));
        return services;
    }

    [GeneratedRegex("```(?<language>csharp|ts)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
