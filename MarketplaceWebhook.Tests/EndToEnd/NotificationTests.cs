using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Receiving;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.EndToEnd;

/// <summary>From the request to the rows.</summary>
public sealed class NotificationTests(EndToEndFixture journey) : IClassFixture<EndToEndFixture>
{
    private readonly Guid account = Guid.NewGuid();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Documented => Bodies.In("documented");

    public static TheoryData<string> Accepted => Bodies.In("accepted");

    public static TheoryData<string> Refused => Bodies.In("refused");

    [Theory]
    [MemberData(nameof(Documented))]
    public async Task A_documented_body_becomes_rows(string name)
    {
        var body = OfAccount(name);

        using var answer = await journey.Host.PostAsync(body, "/shop");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var id = await EndToEndHost.IdOfAsync(answer);
        var change = await journey.Host.LoggedAsync(account, id);
        Assert.Equal((name, 1234L, "shop"), (change.GetString("Status"), change.GetInt64("PackageId"), change.GetString("Source")));
        Assert.Equal(Encoding.UTF8.GetString(body), change.GetString("Payload"));
        var rows = await journey.Host.InstallsAsync(account, "the rows", rows => rows.Count == (name == "installed" ? 2 : 1));
        Assert.Equal((name, id.ToString()), (rows[0].GetString("Status"), rows[0].GetString("StatusNotificationId")));
        Assert.Equal("ExampleAccount", rows[0].GetString("AccountApiId"));
    }

    [Fact]
    public async Task A_package_is_installed_stopped_started_and_uninstalled()
    {
        foreach (var status in new[] { "installed", "stopped", "started" })
        {
            using var answer = await journey.Host.PostAsync(OfAccount(status));
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        var running = await journey.Host.InstallsAsync(
            account, "both rows", rows => rows.Count == 2 && rows[0].ContainsKey("StoppedAt") && rows[0].GetString("Status") == "started");
        Assert.Equal((1, 1), (running[0].GetInt32("CycleCount"), running[0].GetInt32("ErrorCount")));
        Assert.True(running[0].GetDateTimeOffset("InstalledAt") < running[0].GetDateTimeOffset("StoppedAt"));
        Assert.True(running[0].GetDateTimeOffset("StoppedAt") < running[0].GetDateTimeOffset("StartedAt"));
        Assert.Contains("https://example.com/api/webhook/abcdefg", running[1].GetString("Webhooks"), StringComparison.Ordinal);

        using var last = await journey.Host.PostAsync(OfAccount("uninstalled"));
        var gone = await journey.Host.InstallsAsync(account, "the install row alone", rows => rows.Count == 1);
        Assert.Equal(("uninstalled", 0), (gone[0].GetString("Status"), gone[0].GetInt32("CycleCount")));
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task What_can_be_understood_is_logged(string name)
    {
        using var expected = JsonDocument.Parse(await File.ReadAllTextAsync(Bodies.ExpectationOf("accepted", name), Cancelled));

        using var answer = await journey.Host.PostAsync(Bodies.Read("accepted", name));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var change = await journey.Host.LoggedAsync(expected.RootElement.GetProperty("accountId").GetGuid(), await EndToEndHost.IdOfAsync(answer));
        Assert.Equal(expected.RootElement.Text("status"), change.GetString("Status"));
        Assert.Equal(expected.RootElement.GetProperty("packageId").GetInt64(), change.GetInt64("PackageId"));
        Assert.Equal(
            expected.RootElement.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()),
            JsonSerializer.Deserialize<string[]>(change.GetString("Warnings") ?? "[]"));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_cannot_is_refused_and_kept(string name)
    {
        using var expected = JsonDocument.Parse(await File.ReadAllTextAsync(Bodies.ExpectationOf("refused", name), Cancelled));
        var body = Bodies.Read("refused", name);

        using var answer = await journey.Host.PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var letter = await journey.Host.DeadAsync("rejected", await EndToEndHost.IdOfAsync(answer));
        Assert.Equal((expected.RootElement.Text("reason"), (long)body.Length), (letter.GetString("Reason"), letter.GetInt64("BodyLength")));
        Assert.Equal(body, letter.GetString("BodyBlob") is { } blob
            ? (await journey.Host.Storage.Payloads.GetBlobClient(blob).DownloadContentAsync(Cancelled)).Value.Content.ToArray()
            : Encoding.UTF8.GetBytes(letter.GetString("Body")));
    }

    [Fact]
    public async Task A_source_that_is_no_label_is_refused()
    {
        using var answer = await journey.Host.PostAsync(OfAccount("started"), "/a_b");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(["source"], (await answer.JsonAsync(Cancelled)).GetProperty("errors").Names());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_1_MiB_is_in_a_blob(bool chunked)
    {
        var body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(AcceptingTests.BodyOf(1024 * 1024))
            .Replace(Guid.Empty.ToString(), account.ToString(), StringComparison.Ordinal));

        using var answer = await journey.Host.PostAsync(body, chunked: chunked);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var change = await journey.Host.LoggedAsync(account, await EndToEndHost.IdOfAsync(answer));
        var blob = await journey.Host.Storage.Payloads.GetBlobClient(change.GetString("PayloadBlob")).DownloadContentAsync(Cancelled);
        Assert.Equal(body, blob.Value.Content.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_larger_body_is_refused_and_its_beginning_kept(bool chunked)
    {
        using var answer = await journey.Host.PostAsync(AcceptingTests.BodyOf((1024 * 1024) + 1), chunked: chunked);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        var letter = await journey.Host.DeadAsync("rejected", await EndToEndHost.IdOfAsync(answer));
        Assert.Equal(("too-large", 32_000), (letter.GetString("Reason"), letter.GetString("Body").Length));
    }

    [Fact]
    public async Task The_key_may_be_in_the_query()
    {
        using var answer = await journey.Host.PostAsync(OfAccount("started"), journey.Host.KeyInQuery, withKey: false);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?code=")]
    [InlineData("?code=wrong")]
    public async Task Without_the_key_nothing_is_taken(string query)
    {
        using var answer = await journey.Host.PostAsync(OfAccount("started"), query, withKey: false);

        Assert.Equal((HttpStatusCode.Unauthorized, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled)));
    }

    [Fact]
    public async Task Health_is_open_to_anybody()
    {
        using var answer = await journey.Host.GetAsync("api/health");

        Assert.Equal((HttpStatusCode.OK, """{"status":"healthy"}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled)));
    }

    [Fact]
    public async Task A_message_that_comes_again_changes_nothing()
    {
        using var answer = await journey.Host.PostAsync(OfAccount("installed"));
        var id = await EndToEndHost.IdOfAsync(answer);
        await journey.Host.InstallsAsync(account, "both rows", rows => rows.Count == 2);
        var before = await journey.Host.LoggedAsync(account, id);
        var installs = await InstallsAsync();

        await SendAsync(Encoding.UTF8.GetString(Envelope.Write(id, "default", null, OfAccount("installed")).Span));
        await journey.Host.InstallsAsync(account, "the fence written again", rows => rows[0].ETag != installs[0].ETag);

        var after = await journey.Host.LoggedAsync(account, id);
        Assert.Equal((before.ETag, before.Timestamp), (after.ETag, after.Timestamp));
        var again = await InstallsAsync();
        Assert.Equal(installs.Select(row => Rows.Of(row).ToJsonString()), again.Select(row => Rows.Of(row).ToJsonString()));
        Assert.Equal((installs[1].ETag, installs[1].Timestamp), (again[1].ETag, again[1].Timestamp));
    }

    [Fact]
    public async Task A_message_that_nobody_can_read_becomes_a_dead_letter()
    {
        var text = $"just plain text {account}";

        await SendAsync(text);

        var letter = await Wait.ForAsync(
            "the dead letter",
            async () => (await Rows.ListAsync(journey.Host.Storage.DeadLetters, Cancelled)).FirstOrDefault(row => row.GetString("Body") == text),
            row => row is not null,
            Cancelled);
        Assert.Equal(("failed", "unreadable-envelope"), (letter!.PartitionKey, letter.GetString("Reason")));
    }

    private Task<List<TableEntity>> InstallsAsync() => journey.Host.InstallsAsync(account, "rows", _ => true);

    private Task SendAsync(string message) => journey.Host.Storage.Queue.SendMessageAsync(message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: Cancelled);

    /// <summary>A documented body with an account of this test's own.</summary>
    private byte[] OfAccount(string name) => OfAccount(name, account);

    internal static byte[] OfAccount(string name, Guid account) => Encoding.UTF8.GetBytes(
        Encoding.UTF8.GetString(Bodies.Read("documented", name))
            .Replace($"\"AccountId\": \"{Guid.Empty}\"", $"\"AccountId\": \"{account}\"", StringComparison.Ordinal));
}
