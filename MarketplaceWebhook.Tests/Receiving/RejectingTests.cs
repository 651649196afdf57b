using System.Net;
using System.Text;
using System.Text.Json;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class RejectingTests(AzuriteFixture azurite)
{
    private const string Endpoint = "/api/cyclr/marketplace";

    private readonly string _storage = azurite.NewAccount();

    [Theory]
    [InlineData("nothing-at-all", "invalid-json")]
    [InlineData("no-json", "invalid-json")]
    [InlineData("a-byte-order-mark-twice", "invalid-json")]
    [InlineData("an-array", "invalid-notification")]
    [InlineData("three-fields-wrong", "invalid-notification")]
    [InlineData("a-status-twice", "invalid-notification")]
    public async Task Invalid_body_receives_400_as_in_RFC_9457_and_is_stored(string name, string reason)
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);
        caller.DefaultRequestHeaders.Add("User-Agent", "Cyclr/1.0");
        var body = Bodies.Read("rejected", name);
        using var expected = JsonDocument.Parse(
            await File.ReadAllTextAsync(Bodies.ExpectationOf("rejected", name), Cancellation));

        using var response = await caller.PostAsync($"{Endpoint}/shop", AcceptingTests.Content(body), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = await response.JsonAsync(Cancellation);
        Assert.Equal(["title", "status", "detail", "notificationId", "errors"], problem.Names());
        Assert.Equal(("Bad Request", 400), (problem.Text("title"), problem.GetProperty("status").GetInt32()));
        Assert.True(
            JsonElement.DeepEquals(
                expected.RootElement.GetProperty("errors"), problem.GetProperty("errors")), problem.ToString());

        var row = Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
        Assert.Equal(("rejected", reason, "shop"), (row.PartitionKey, row.GetString("Reason"), row.GetString("Source")));
        Assert.Equal(problem.Text("notificationId"), row.GetString("NotificationId"));
        Assert.Equal("Cyclr/1.0", row.GetString("UserAgent"));
        Assert.Equal((Encoding.UTF8.GetString(body), (long)body.Length), (row.GetString("Body"), row.GetInt64("BodyLength")));
        Assert.All(
            expected.RootElement.GetProperty("errors").Names(), field =>
                Assert.Contains(field, row.GetString("Detail"), StringComparison.Ordinal));
        Assert.Empty(await app.EnvelopesAsync(Cancellation));
    }

    [Fact]
    public async Task Rejected_body_with_a_known_account_is_stored_with_it()
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);

        using var known = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("rejected", "no-status")), Cancellation);
        using var unknown = await caller.PostAsync(
            Endpoint, AcceptingTests.Content(Bodies.Read("rejected", "no-account-id")), Cancellation);

        Assert.Equal(
            [null, "11111111-2222-3333-4444-555555555555"],
            (await Rows.ListAsync(app.Storage.DeadLetters, Cancellation)).Select(row => row.GetString("AccountId")));
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br, \u001b[31m", "br, \\u{1B}[31m")]
    public async Task Detail_of_a_rejected_body_has_its_content_encoding(string header, string shown)
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var content = AcceptingTests.Content([0x1f, 0x8b, 0x08, 0xff]);
        content.Headers.TryAddWithoutValidation("Content-Encoding", header);

        using var response = await caller.PostAsync(Endpoint, content, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(
            $"body is not UTF-8. The request had Content-Encoding {shown}: the body was not decoded.",
            Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation)).GetString("Detail"));
    }

    [Theory]
    [InlineData("a%20b")]
    [InlineData("a_b")]
    [InlineData("123456789012345678901234567890123")]
    [InlineData("%C3%BC")]
    public async Task Invalid_source_receives_400_and_the_body_is_stored(string source)
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);
        var body = Bodies.Read("documented", "started");

        using var response = await caller.PostAsync($"{Endpoint}/{source}", AcceptingTests.Content(body), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(["source"], (await response.JsonAsync(Cancellation)).GetProperty("errors").Names());
        var row = Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
        Assert.Equal(("invalid-notification", null), (row.GetString("Reason"), row.GetString("Source")));
        Assert.Equal(Encoding.UTF8.GetString(body), row.GetString("Body"));
        Assert.Equal(Guid.Empty.ToString(), row.GetString("AccountId"));
    }

    [Fact]
    public async Task Invalid_source_and_invalid_fields_are_both_reported()
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);

        using var response = await caller.PostAsync(
            $"{Endpoint}/a_b", AcceptingTests.Content("no json"u8.ToArray()), Cancellation);

        Assert.Equal(["body", "source"], (await response.JsonAsync(Cancellation)).GetProperty("errors").Names());
        Assert.Equal(
            "invalid-json", Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation)).GetString("Reason"));
    }

    [Fact]
    public async Task Body_cut_by_a_small_content_length_is_rejected()
    {
        await using var app = new TestApp(_storage);
        var address = await app.ListenAsync(Cancellation);
        var body = Bodies.Read("documented", "started");
        using var connection = await RawCaller.OpenAsync(address, Cancellation);

        await connection.SendAsync(
            $"POST {Endpoint} HTTP/1.1\nHost: localhost\nConnection: close\nContent-Length: 20",
            body.AsMemory(0, 20),
            Cancellation);

        Assert.StartsWith("HTTP/1.1 400 ", await connection.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        var row = Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
        Assert.Equal((Encoding.UTF8.GetString(body, 0, 20), 20L), (row.GetString("Body"), row.GetInt64("BodyLength")));
    }
}
