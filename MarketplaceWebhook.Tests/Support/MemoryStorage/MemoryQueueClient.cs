using System.Globalization;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Support.MemoryStorage;

/// <summary>
/// A queue in memory that keeps the text of messages without encoding it. Visibility follows the time provider, and the count
/// includes invisible messages, as in the queue service.
/// </summary>
internal sealed class MemoryQueueClient(string name, TimeProvider time) : QueueClient
{
    private readonly List<Stored> _messages = [];
    private int _calls;
    private int _receipts;

    public override string Name => name;

    public TableHooks Hooks { get; set; } = new();

    /// <summary>Every message, visible or not, read without hooks.</summary>
    public IReadOnlyList<string> Texts => [.. _messages.Select(message => message.Text)];

    public override Task<Response<PeekedMessage[]>> PeekMessagesAsync(
        int? maxMessages = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            "PeekMessages",
            () => Visible(maxMessages).Select(message => QueuesModelFactory.PeekedMessage(
                message.Id, BinaryData.FromString(message.Text), message.DequeueCount, message.InsertedAt)).ToArray(),
            cancellationToken);

    public override Task<Response<QueueProperties>> GetPropertiesAsync(CancellationToken cancellationToken = default) =>
        CallAsync(
            "GetProperties", () =>
                QueuesModelFactory.QueueProperties(new Dictionary<string, string>(), _messages.Count), cancellationToken);

    public override Task<Response<QueueMessage[]>> ReceiveMessagesAsync(
        int? maxMessages = null, TimeSpan? visibilityTimeout = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            "ReceiveMessages", () =>
                Visible(maxMessages).Select(message => Receive(message, visibilityTimeout)).ToArray(), cancellationToken);

    public override Task<Response<SendReceipt>> SendMessageAsync(
        BinaryData message, TimeSpan? visibilityTimeout = null, TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default) =>
        CallAsync(
            "SendMessage",
            () =>
            {
                var now = time.GetUtcNow();
                var id = Guid.NewGuid().ToString();
                _messages.Add(new Stored(id, message.ToString(), now) { VisibleAt = now + (visibilityTimeout ?? TimeSpan.Zero) });
                return QueuesModelFactory.SendReceipt(id, now, DateTimeOffset.MaxValue, "", now);
            },
            cancellationToken);

    public override async Task<Response> DeleteMessageAsync(
        string messageId, string popReceipt, CancellationToken cancellationToken = default) =>
        (await CallAsync(
            "DeleteMessage",
            () => _messages.RemoveAll(message => message.Id == messageId && message.PopReceipt == popReceipt) > 0
                ? 0 : throw MemoryTable.Error(404, "MessageNotFound"),
            cancellationToken)).GetRawResponse();

    /// <summary>The lease of a message ends.</summary>
    public void Release(string messageId)
    {
        foreach (var message in _messages.Where(message => message.Id == messageId))
        {
            message.VisibleAt = time.GetUtcNow();
        }
    }

    private QueueMessage Receive(Stored message, TimeSpan? visibilityTimeout)
    {
        message.DequeueCount++;
        message.VisibleAt = time.GetUtcNow() + (visibilityTimeout ?? TimeSpan.FromSeconds(30));
        message.PopReceipt = (++_receipts).ToString(CultureInfo.InvariantCulture);
        return QueuesModelFactory.QueueMessage(
            message.Id, message.PopReceipt, BinaryData.FromString(message.Text), message.DequeueCount, null, message.InsertedAt);
    }

    private List<Stored> Visible(int? most) =>
        [.. _messages.Where(message => message.VisibleAt <= time.GetUtcNow()).Take(most ?? 1)];

    private async Task<Response<T>> CallAsync<T>(string operation, Func<T> change, CancellationToken cancellationToken)
    {
        var call = new TableCall(name, operation, Interlocked.Increment(ref _calls));
        await Hooks.Before(call, cancellationToken);
        var result = change();
        await Hooks.After(call, cancellationToken);
        return Response.FromValue(result, new MemoryResponse(200));
    }

    private sealed class Stored(string id, string text, DateTimeOffset insertedAt)
    {
        public string Id => id;

        public string Text => text;

        public DateTimeOffset InsertedAt => insertedAt;

        public DateTimeOffset VisibleAt { get; set; }

        public int DequeueCount { get; set; }

        public string? PopReceipt { get; set; }
    }
}
