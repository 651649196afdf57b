using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Application;

/// <summary>From the request to the rows.</summary>
public sealed class NotificationTests(EndToEndFixture application) : IClassFixture<EndToEndFixture>
{
    private readonly Guid _account = Guid.NewGuid();

    public static TheoryData<string> Documented => Bodies.In("documented");

    public static TheoryData<string> Accepted => Bodies.In("accepted");

    public static TheoryData<string> Rejected => Bodies.In("rejected");

    [Theory]
    [MemberData(nameof(Documented))]
    public async Task Documented_body_becomes_rows(string name)
    {
        var body = OfAccount(name);

        using var response = await application.Host.PostAsync(body, "/shop");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var id = await EndToEndHost.IdOfAsync(response);
        var change = await application.Host.LoggedAsync(_account, id);
        Assert.Equal(
            (name, 1234L, "shop"), (change.GetString("Status"), change.GetInt64("PackageId"), change.GetString("Source")));
        Assert.Equal(
            (Encoding.UTF8.GetString(body), EndToEndHost.UserAgent),
            (change.GetString("Payload"), change.GetString("UserAgent")));
        var rows = await application.Host.InstallsAsync(
            _account, "the rows", rows => rows.Count == (name == "installed" ? 2 : 1));
        Assert.Equal((name, id.ToString()), (rows[0].GetString("Status"), rows[0].GetString("StatusNotificationId")));
        Assert.Equal("ExampleAccount", rows[0].GetString("AccountApiId"));
    }

    [Fact]
    public async Task Package_is_installed_stopped_started_and_uninstalled()
    {
        foreach (var status in new[] { "installed", "stopped", "started" })
        {
            using var response = await application.Host.PostAsync(OfAccount(status));
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        }

        var running = await application.Host.InstallsAsync(
            _account, "both rows", rows =>
                rows.Count == 2 && rows[0].ContainsKey("StoppedAt") && rows[0].GetString("Status") == "started");
        Assert.Equal((1, 1), (running[0].GetInt32("CycleCount"), running[0].GetInt32("ErrorCount")));
        Assert.True(running[0].GetDateTimeOffset("InstalledAt") < running[0].GetDateTimeOffset("StoppedAt"));
        Assert.True(running[0].GetDateTimeOffset("StoppedAt") < running[0].GetDateTimeOffset("StartedAt"));
        Assert.Contains("https://example.com/api/webhook/abcdefg", running[1].GetString("Webhooks"), StringComparison.Ordinal);

        using var last = await application.Host.PostAsync(OfAccount("uninstalled"));
        var gone = await application.Host.InstallsAsync(_account, "the install row alone", rows => rows.Count == 1);
        Assert.Equal(("uninstalled", 0), (gone[0].GetString("Status"), gone[0].GetInt32("CycleCount")));
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task Valid_body_is_logged(string name)
    {
        using var expected = JsonDocument.Parse(
            await File.ReadAllTextAsync(Bodies.ExpectationOf("accepted", name), Cancellation));

        using var response = await application.Host.PostAsync(Bodies.Read("accepted", name));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var change = await application.Host.LoggedAsync(
            expected.RootElement.GetProperty("accountId").GetGuid(), await EndToEndHost.IdOfAsync(response));
        Assert.Equal(expected.RootElement.Text("status"), change.GetString("Status"));
        Assert.Equal(expected.RootElement.GetProperty("packageId").GetInt64(), change.GetInt64("PackageId"));
        Assert.Equal(
            expected.RootElement.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()),
            JsonSerializer.Deserialize<string[]>(change.GetString("Warnings") ?? "[]"));
    }

    [Theory]
    [MemberData(nameof(Rejected))]
    public async Task Invalid_body_is_rejected_with_400_and_stored(string name)
    {
        using var expected = JsonDocument.Parse(
            await File.ReadAllTextAsync(Bodies.ExpectationOf("rejected", name), Cancellation));
        var body = Bodies.Read("rejected", name);

        using var response = await application.Host.PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var deadLetter = await application.Host.DeadAsync("rejected", await EndToEndHost.IdOfAsync(response));
        Assert.Equal(
            (expected.RootElement.Text("reason"), (long)body.Length, EndToEndHost.UserAgent),
            (deadLetter.GetString("Reason"), deadLetter.GetInt64("BodyLength"), deadLetter.GetString("UserAgent")));
        Assert.Equal(body, deadLetter.GetString("BodyBlob") is { } blob
            ? (
                await application.Host.Storage.Payloads.GetBlobClient(blob)
                    .DownloadContentAsync(Cancellation)).Value.Content.ToArray()
            : Encoding.UTF8.GetBytes(deadLetter.GetString("Body")));
    }

    [Fact]
    public async Task Invalid_source_label_is_rejected()
    {
        using var response = await application.Host.PostAsync(OfAccount("started"), "/a_b");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(["source"], (await response.JsonAsync(Cancellation)).GetProperty("errors").Names());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_of_1_MiB_is_stored_in_a_blob(bool chunked)
    {
        var body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Bodies.OfLength(1024 * 1024))
            .Replace(Guid.Empty.ToString(), _account.ToString(), StringComparison.Ordinal));

        using var response = await application.Host.PostAsync(body, chunked: chunked);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var change = await application.Host.LoggedAsync(_account, await EndToEndHost.IdOfAsync(response));
        var blob = await application.Host.Storage.Payloads.GetBlobClient(change.GetString("PayloadBlob"))
            .DownloadContentAsync(Cancellation);
        Assert.Equal(body, blob.Value.Content.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_over_1_MiB_is_rejected_and_its_beginning_stored(bool chunked)
    {
        using var response = await application.Host.PostAsync(Bodies.OfLength((1024 * 1024) + 1), chunked: chunked);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        var deadLetter = await application.Host.DeadAsync("rejected", await EndToEndHost.IdOfAsync(response));
        Assert.Equal(("too-large", 32_000), (deadLetter.GetString("Reason"), deadLetter.GetString("Body").Length));
    }

    [Fact]
    public async Task Key_in_the_query_is_accepted()
    {
        using var response = await application.Host.PostAsync(OfAccount("started"), application.Host.KeyInQuery, withKey: false);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?code=")]
    [InlineData("?code=wrong")]
    public async Task Request_without_the_key_gets_401(string query)
    {
        using var response = await application.Host.PostAsync(OfAccount("started"), query, withKey: false);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, ""), (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation)));
    }

    [Fact]
    public async Task Health_needs_no_key()
    {
        using var response = await application.Host.GetAsync("api/health");

        Assert.Equal(
            (HttpStatusCode.OK, """{"status":"healthy"}"""),
            (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation)));
    }

    [Fact]
    public async Task Health_responds_to_HEAD_without_a_body()
    {
        using var response = await application.Host.HeadAsync("api/health");

        Assert.Equal(
            (HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation)));
    }

    [Fact]
    public async Task Redelivered_message_changes_nothing()
    {
        using var response = await application.Host.PostAsync(OfAccount("installed"));
        var id = await EndToEndHost.IdOfAsync(response);
        await application.Host.InstallsAsync(_account, "both rows", rows => rows.Count == 2);
        var before = await application.Host.LoggedAsync(_account, id);
        var installs = await InstallsAsync();

        await SendAsync(Encoding.UTF8.GetString(Envelope.Write(id, "default", null, OfAccount("installed")).Span));
        await application.Host.InstallsAsync(_account, "the fence written again", rows => rows[0].ETag != installs[0].ETag);

        var after = await application.Host.LoggedAsync(_account, id);
        Assert.Equal((before.ETag, before.Timestamp), (after.ETag, after.Timestamp));
        var again = await InstallsAsync();
        Assert.Equal(installs.Select(row => Rows.Of(row).ToJsonString()), again.Select(row => Rows.Of(row).ToJsonString()));
        Assert.Equal((installs[1].ETag, installs[1].Timestamp), (again[1].ETag, again[1].Timestamp));
    }

    [Fact]
    public async Task Unreadable_message_becomes_a_dead_letter()
    {
        var text = $"just plain text {_account}";

        await SendAsync(text);

        var deadLetter = await Wait.ForAsync(
            "the dead deadLetter",
            async () => (await Rows.ListAsync(application.Host.Storage.DeadLetters, Cancellation))
                .FirstOrDefault(row => row.GetString("Body") == text),
            row => row is not null,
            Cancellation);
        Assert.Equal(("failed", "unreadable-envelope"), (deadLetter!.PartitionKey, deadLetter.GetString("Reason")));
    }

    private Task<List<TableEntity>> InstallsAsync() => application.Host.InstallsAsync(_account, "rows", _ => true);

    private Task SendAsync(string message) => application.Host.Storage.Queue.SendMessageAsync(
        message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: Cancellation);

    /// <summary>A documented body with the account of this test.</summary>
    private byte[] OfAccount(string name) => OfAccount(name, _account);

    internal static byte[] OfAccount(string name, Guid account) => Encoding.UTF8.GetBytes(
        Encoding.UTF8.GetString(Bodies.Read("documented", name))
            .Replace($"\"AccountId\": \"{Guid.Empty}\"", $"\"AccountId\": \"{account}\"", StringComparison.Ordinal));
}
