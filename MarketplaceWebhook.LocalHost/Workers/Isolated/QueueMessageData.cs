using System.Text.Json;
using Azure.Storage.Queues.Models;
using Google.Protobuf;
using MarketplaceWebhook.LocalHost.Workers.Isolated.Rpc;

namespace MarketplaceWebhook.LocalHost.Workers.Isolated;

/// <summary>A queue message in the form that the worker's queue extension reads.</summary>
internal static class QueueMessageData
{
    /// <param name="text">The message text, decoded.</param>
    public static ModelBindingData Create(QueueMessage message, string text)
    {
        using var content = new MemoryStream();
        using (var json = new Utf8JsonWriter(content))
        {
            json.WriteStartObject();
            json.WriteString("MessageId", message.MessageId);
            json.WriteString("PopReceipt", message.PopReceipt);
            json.WriteString("MessageText", text);
            json.WriteNumber("DequeueCount", message.DequeueCount);
            // The worker fails on null.
            WriteIfKnown(json, "InsertedOn", message.InsertedOn);
            WriteIfKnown(json, "ExpiresOn", message.ExpiresOn);
            WriteIfKnown(json, "NextVisibleOn", message.NextVisibleOn);
            json.WriteEndObject();
        }

        content.Position = 0;
        return new ModelBindingData
        {
            Version = "1.0",
            Source = "AzureStorageQueues",
            ContentType = "application/json",
            Content = ByteString.FromStream(content),
        };
    }

    private static void WriteIfKnown(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteString(name, known);
        }
    }
}
