using System.Globalization;
using System.Net;
using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class AcceptingTests(AzuriteFixture azurite)
{
    private const string Endpoint = "/api/cyclr/marketplace";

    private readonly string _storage = azurite.NewAccount();

    public static TheoryData<string> Documented => Bodies.In("documented");

    [Theory]
    [MemberData(nameof(Documented))]
    public async Task Accepted_notification_receives_202_with_id_and_time(string name)
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);
        var body = Bodies.Read("documented", name);
        var before = DateTimeOffset.UtcNow;

        using var response = await caller.PostAsync(Endpoint, Content(body), Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var envelope = Assert.Single(await app.EnvelopesAsync(Cancellation));
        Assert.Equal(
            $$"""{"notificationId":"{{envelope.Id}}","receivedAt":"{{TimeText.Of(envelope.Id.ReceivedAt)}}"}""",
            await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal((Encoding.UTF8.GetString(body), null, "default"), (envelope.Payload, envelope.PayloadBlob, envelope.Source));
        Assert.InRange(envelope.Id.ReceivedAt, before.AddMilliseconds(-1), DateTimeOffset.UtcNow);
        Assert.Empty(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
    }

    [Theory]
    [InlineData("/api/cyclr/marketplace", "default")]
    [InlineData("/api/cyclr/marketplace/", "default")]
    [InlineData("/API/Cyclr/MarketPlace/Shop-EU-2?code=key&x=1", "Shop-EU-2")]
    [InlineData("/api/cyclr/marketplace/12345678901234567890123456789012/", "12345678901234567890123456789012")]
    public async Task Source_in_the_path_labels_the_notification(string path, string source)
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);

        using var response = await caller.PostAsync(path, Content(Bodies.Read("documented", "started")), Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(source, Assert.Single(await app.EnvelopesAsync(Cancellation)).Source);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("text/plain; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("no type at all")]
    public async Task Any_content_type_is_accepted(string? contentType)
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);
        using var content = Content(Bodies.Read("documented", "started"));
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        using var response = await caller.PostAsync(Endpoint, content, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    public static TheoryData<string?, string?> UserAgents => new()
    {
        { null, null },
        { "Cyclr/1.0 (webhooks)", "Cyclr/1.0 (webhooks)" },
        { "a\u001B[31m\u202Eb", @"a\u{1B}[31m\u{202E}b" },
        { new string('u', 257), new string('u', 256) },
        { new string('u', 255) + "👍", new string('u', 255) },
        { new string('\t', 300), string.Concat(Enumerable.Repeat(@"\u{9}", 256)) },
    };

    [Theory]
    [MemberData(nameof(UserAgents))]
    public async Task First_256_characters_of_the_user_agent_are_in_the_envelope(string? userAgent, string? expected)
    {
        await using var app = new TestApp(_storage);
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(Bodies.Read("documented", "started"));
        context.Request.Headers.UserAgent = userAgent;

        await app.Get<NotificationReceiver>().ReceiveAsync(context.Request, source: null);

        Assert.Equal(expected, Assert.Single(await app.EnvelopesAsync(Cancellation)).UserAgent);
    }

    [Fact]
    public async Task Chunked_body_is_accepted()
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);
        var body = Bodies.Read("documented", "installed");
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint)
        {
            Content = Content(body),
            Headers = { TransferEncodingChunked = true },
        };

        using var response = await caller.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(Encoding.UTF8.GetString(body), Assert.Single(await app.EnvelopesAsync(Cancellation)).Payload);
    }

    [Fact]
    public async Task Byte_order_mark_is_not_part_of_the_payload()
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);
        var body = Bodies.Read("accepted", "a-byte-order-mark");

        using var response = await caller.PostAsync(Endpoint, Content(body), Cancellation);

        Assert.Equal(Encoding.UTF8.GetString(body.AsSpan(3)), Assert.Single(await app.EnvelopesAsync(Cancellation)).Payload);
    }

    [Fact]
    public async Task Body_of_exactly_1_MiB_is_accepted()
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);
        var body = Bodies.OfLength(1024 * 1024);

        using var response = await caller.PostAsync(Endpoint, Content(body), Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var envelope = Assert.Single(await app.EnvelopesAsync(Cancellation));
        Assert.Equal(body, (await envelope.GetPayloadAsync(app.Get<PayloadBlobs>(), Cancellation)).ToArray());
    }

    [Fact]
    public async Task Ids_increase_in_the_order_of_the_responses()
    {
        await using var app = new TestApp(_storage);
        using var caller = await CallerAsync(app);
        var ids = new List<string>();
        for (var count = 0; count < 5; count++)
        {
            using var response = await caller.PostAsync(Endpoint, Content(Bodies.Read("documented", "started")), Cancellation);
            ids.Add((await response.JsonAsync(Cancellation)).Text("notificationId"));
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(5, ids.Distinct().Count());
        Assert.All(ids, id => Assert.True(NotificationId.TryParse(id, out _), id.ToString(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Complete_body_of_a_disconnected_caller_is_accepted()
    {
        await using var app = new TestApp(_storage);
        var body = Bodies.Read("documented", "started");
        using var hungUp = new CancellationTokenSource();
        await hungUp.CancelAsync();
        var context = new DefaultHttpContext { RequestAborted = hungUp.Token };
        context.Request.Body = new MemoryStream(body);
        context.Request.ContentLength = body.Length;

        var response = await app.Get<NotificationReceiver>().ReceiveAsync(context.Request, source: null);

        Assert.Equal(StatusCodes.Status202Accepted, Assert.IsAssignableFrom<IStatusCodeHttpResult>(response).StatusCode);
        Assert.Single(await app.EnvelopesAsync(Cancellation));
    }

    [Fact]
    public async Task Complete_body_is_accepted_if_the_caller_disconnects_during_the_storage_call()
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        var gate = new TaskCompletionSource();
        proxy.Before = async call =>
        {
            if (call.Operation == "Put Message")
            {
                await gate.Task;
            }

            return null;
        };
        await using var app = new TestApp(proxy.ConnectionString);
        var address = await app.ListenAsync(Cancellation);
        var body = Bodies.Read("documented", "started");

        using (var connection = await RawCaller.OpenAsync(address, Cancellation))
        {
            await connection.SendAsync(
                $"POST {Endpoint} HTTP/1.1\nHost: localhost\nContent-Length: {body.Length}", body, Cancellation);
            await Wait.ForAsync("the put", () => proxy.Calls.Any(call => call.Operation == "Put Message"), Cancellation);
            connection.EndSending();
            await connection.ReadToEndAsync(Cancellation);
        }

        gate.SetResult();
        await Wait.ForAsync(
            "the message", () => app.EnvelopesAsync(Cancellation), envelopes => envelopes.Count == 1, Cancellation);
    }

    [Fact]
    public async Task Incomplete_body_is_not_stored()
    {
        await using var app = new TestApp(_storage);
        var address = await app.ListenAsync(Cancellation);
        var body = Bodies.Read("documented", "started");

        using (var connection = await RawCaller.OpenAsync(address, Cancellation))
        {
            await connection.SendAsync(
                $"POST {Endpoint} HTTP/1.1\nHost: localhost\nContent-Length: {body.Length + 1}", body, Cancellation);
            connection.EndSending();
            await connection.ReadToEndAsync(Cancellation);
        }

        await app.Storage.CreateMissingAsync(Cancellation);
        Assert.Empty(await app.EnvelopesAsync(Cancellation));
        Assert.Empty(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
    }

    /// <summary>A documented body with an unknown field, of this many bytes in total.</summary>
    internal static async Task<HttpClient> CallerAsync(TestApp app) =>
        new() { BaseAddress = await app.ListenAsync(Cancellation) };

    internal static ByteArrayContent Content(byte[] body) => new(body);
}
