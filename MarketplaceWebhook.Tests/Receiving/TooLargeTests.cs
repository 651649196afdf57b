using System.Net;
using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class TooLargeTests(AzuriteFixture azurite)
{
    private const string Endpoint = "/api/cyclr/marketplace";
    private const int MiB = 1024 * 1024;

    private readonly string _storage = azurite.NewAccount();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_over_1_MiB_receives_413_and_its_beginning_and_length_are_stored(bool chunked)
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);
        var body = Bodies.OfLength(MiB + 1);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Endpoint}/shop");
        request.Content = AcceptingTests.Content(body);
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await caller.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.NotEqual(true, response.Headers.ConnectionClose);
        var problem = await response.JsonAsync(Cancellation);
        Assert.Equal(["title", "status", "detail", "notificationId"], problem.Names());
        Assert.Equal(("Content Too Large", 413), (problem.Text("title"), problem.GetProperty("status").GetInt32()));

        var row = await RowAsync(app);
        Assert.Equal(("rejected", "too-large", "shop"), (row.PartitionKey, row.GetString("Reason"), row.GetString("Source")));
        Assert.Equal(problem.Text("notificationId"), row.GetString("NotificationId"));
        Assert.Equal((Encoding.UTF8.GetString(body, 0, 32_000), MiB + 1L), (row.GetString("Body"), row.GetInt64("BodyLength")));
        Assert.DoesNotContain("BodyBlob", row.Keys);
        Assert.Empty(await app.EnvelopesAsync(Cancellation));
    }

    [Fact]
    public async Task Body_just_below_5_MiB_is_read_completely_and_keeps_the_connection()
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint);
        request.Content = AcceptingTests.Content(new byte[5 * MiB]);
        request.Headers.TransferEncodingChunked = true;

        using var response = await caller.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.NotEqual(true, response.Headers.ConnectionClose);
        Assert.Equal(5L * MiB, (await RowAsync(app)).GetInt64("BodyLength"));
    }

    [Fact]
    public async Task Larger_body_is_read_for_4_MiB_more_and_the_connection_closes()
    {
        await using var app = new TestApp(_storage);
        var address = await app.ListenAsync(Cancellation);
        using var connection = await RawCaller.OpenAsync(address, Cancellation);

        // The server responds even if the rest of the body never arrives.
        await connection.SendAsync(
            $"POST {Endpoint} HTTP/1.1\nHost: localhost\nContent-Length: 5000000000", new byte[(5 * MiB) + 1], Cancellation);
        var response = await connection.ReadToEndAsync(Cancellation);

        Assert.StartsWith("HTTP/1.1 413 ", response, StringComparison.Ordinal);
        Assert.Contains("Connection: close", response, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(5_000_000_000L, (await RowAsync(app)).GetInt64("BodyLength"));
    }

    private static async Task<TableEntity> RowAsync(TestApp app) =>
        Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
}
