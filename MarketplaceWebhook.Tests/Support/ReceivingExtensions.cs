using System.Text.Json;
using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>What a request left behind.</summary>
internal static class ReceivingExtensions
{
    /// <summary>The envelopes on the queue, in no order.</summary>
    public static Task<List<Envelope>> EnvelopesAsync(this TestApp app, CancellationToken cancellationToken) =>
        app.Storage.EnvelopesAsync(cancellationToken);

    /// <inheritdoc cref="EnvelopesAsync(TestApp, CancellationToken)"/>
    public static async Task<List<Envelope>> EnvelopesAsync(this StorageClients storage, CancellationToken cancellationToken)
    {
        PeekedMessage[] messages = await storage.Queue.PeekMessagesAsync(maxMessages: 32, cancellationToken);
        return [.. messages.Select(message => Envelope.Read(message.MessageText))];
    }

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response, CancellationToken cancellationToken) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken)).RootElement;

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static IEnumerable<string> Names(this JsonElement json) => json.EnumerateObject().Select(property => property.Name);
}
