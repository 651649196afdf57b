using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class NotificationQueueTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = Guid.Parse("abcdef01-2222-3333-4444-555555555555");

    private readonly string _storage = azurite.NewAccount();

    [Fact]
    public async Task Messages_are_base64_of_the_envelope_and_never_expire()
    {
        await using var app = new TestApp(_storage);

        await SendAsync(app, "{\"Größe\":1}");

        var raw = new QueueClient(
            _storage, "marketplace-notifications", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
        var message = (await raw.PeekMessageAsync(Cancellation)).Value;
        Assert.Equal(
            Encoding.UTF8.GetString(Envelope.Write(Ids.At(1), "shop", null, "{\"Größe\":1}"u8).Span),
            Encoding.UTF8.GetString(Convert.FromBase64String(message.MessageText)));
        Assert.Equal(DateTimeOffset.MaxValue.Year, message.ExpiresOn!.Value.Year);
    }

    [Fact]
    public async Task Payload_of_32000_characters_is_in_the_message()
    {
        await using var app = new TestApp(_storage);
        var payload = new string('x', 32_000);

        await SendAsync(app, payload);

        Assert.Equal(payload, (await ReceiveAsync(app)).Payload);
        Assert.Empty(await BlobsAsync(app));
    }

    [Fact]
    public async Task Payload_of_32001_characters_is_in_a_blob()
    {
        await using var app = new TestApp(_storage);
        var payload = new string('x', 32_001);

        await SendAsync(app, payload);

        var envelope = await ReceiveAsync(app);
        Assert.Equal(($"{Ids.At(1)}.json", null), (envelope.PayloadBlob, envelope.Payload));
        Assert.Equal([$"{Ids.At(1)}.json"], await BlobsAsync(app));
        Assert.Equal(
            payload, Encoding.UTF8.GetString((await envelope.GetPayloadAsync(app.Get<PayloadBlobs>(), Cancellation)).Span));
        var properties = (
            await app.Storage.Payloads.GetBlobClient(envelope.PayloadBlob)
                .GetPropertiesAsync(cancellationToken: Cancellation)).Value;
        Assert.Equal([KeyValuePair.Create("accountId", Account.ToString())], properties.Metadata);
        Assert.Equal("application/json", properties.ContentType);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task Envelope_of_45_KiB_is_the_largest_message(int more, bool isInBlob)
    {
        await using var app = new TestApp(_storage);
        var around = Envelope.Write(Ids.At(1), "shop", null, "€"u8).Length - 3;
        var bytes = (45 * 1024) - around + more;
        // Characters of three bytes, and the rest of one: fewer than 32,000 together.
        var payload = new string('€', 10_000) + new string('x', bytes - 30_000);
        Assert.InRange(payload.Length, 1, 32_000);

        await SendAsync(app, payload);

        Assert.Equal(isInBlob, (await ReceiveAsync(app)).PayloadBlob is not null);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task User_agent_counts_toward_the_envelope_size(int more, bool isInBlob)
    {
        await using var app = new TestApp(_storage);
        var userAgent = new string('u', 256);
        var around = Envelope.Write(Ids.At(1), "shop", null, "€"u8, userAgent).Length - 3;
        var payload = new string('€', 10_000) + new string('x', (45 * 1024) - around + more - 30_000);

        await SendAsync(app, payload, userAgent);

        var envelope = await ReceiveAsync(app);
        Assert.Equal((isInBlob, userAgent), (envelope.PayloadBlob is not null, envelope.UserAgent));
    }

    [Fact]
    public async Task Escapes_count_toward_the_envelope_size()
    {
        await using var app = new TestApp(_storage);

        await SendAsync(app, new string('"', 31_000));

        Assert.NotNull((await ReceiveAsync(app)).PayloadBlob);
    }

    [Fact]
    public async Task Failed_put_keeps_the_blob()
    {
        var queue = new Mock<QueueClient>();
        queue.Setup(
            q => q.SendMessageAsync(
                It.IsAny<BinaryData>(), It.IsAny<TimeSpan?>(), It.IsAny<TimeSpan?>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new RequestFailedException(503, "Thrown by a test.", "ServerBusy", null));
        var clients = new StorageClients(StorageSettings.FromConnectionString(_storage)) { Queue = queue.Object };
        await using var app = new TestApp(_storage, replace: services => services.AddSingleton(clients));

        await Assert.ThrowsAsync<RequestFailedException>(() => SendAsync(app, new string('x', 40_000)));

        Assert.Equal([$"{Ids.At(1)}.json"], await BlobsAsync(app));
    }

    [Fact]
    public async Task Message_put_back_on_the_poison_queue_keeps_its_text_is_delayed_and_never_expires()
    {
        await using var app = new TestApp(_storage);

        await app.Get<NotificationQueue>().PutBackPoisonAsync("not even JSON: ü", TimeSpan.FromHours(1), Cancellation);

        var poison = app.Storage.PoisonQueue;
        Assert.Equal(1, (await poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
        Assert.Null((await poison.PeekMessageAsync(Cancellation)).Value);
    }

    private static Task SendAsync(TestApp app, string payload, string? userAgent = null) =>
        app.Get<NotificationQueue>().SendAsync(
            new ReceivedNotification(Ids.At(1), "shop", null, userAgent, Account, Encoding.UTF8.GetBytes(payload)), Cancellation);

    private static async Task<Envelope> ReceiveAsync(TestApp app)
    {
        QueueMessage message = await app.Storage.Queue.ReceiveMessageAsync(cancellationToken: Cancellation);
        return Envelope.Read(message.MessageText);
    }

    private static async Task<List<string>> BlobsAsync(TestApp app)
    {
        var names = new List<string>();
        await foreach (var blob in app.Storage.Payloads.GetBlobsAsync(cancellationToken: Cancellation))
        {
            names.Add(blob.Name);
        }

        return names;
    }
}
