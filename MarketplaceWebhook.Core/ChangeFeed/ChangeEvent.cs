using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.ChangeFeed;

/// <summary>
/// A projected notification as a CloudEvents 1.0 message for the partner's own application, without webhook URLs and payload.
/// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
/// </summary>
public static class ChangeEvent
{
    /// <summary>
    /// Of a text; with every character escaped, two such texts are still far below the 48 KiB of a message.
    /// </summary>
    public const int MaxCharacters = 2_000;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="install">After the commit of the change.</param>
    public static ReadOnlyMemory<byte> Write(StatusChange change, Install install)
    {
        var packageId = change.PackageId.ToString(CultureInfo.InvariantCulture);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, change.Id.ToString());
        json.WriteString("source"u8, $"/cyclr/marketplace/{change.Source}");
        json.WriteString("type"u8, $"com.cyclr.marketplace.{change.Status}");
        json.WriteString("time"u8, TimeText.Of(change.Id.ReceivedAt));
        json.WriteString("subject"u8, $"{change.AccountId}/{packageId}");
        json.WriteString("datacontenttype"u8, "application/json"u8);
        json.WriteStartObject("data"u8);
        WriteData(json, change, install);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteData(Utf8JsonWriter json, StatusChange change, Install install)
    {
        var truncated = new List<string>();
        json.WriteString("accountId"u8, change.AccountId);
        WriteText(json, "accountApiId", change.AccountApiId, truncated);
        json.WriteNumber("packageId"u8, change.PackageId);
        json.WriteString("status"u8, change.Status);
        json.WriteBoolean("isCurrent"u8, install.StatusNotificationId == change.Id);
        if (install.ErrorCount is { } errorCount)
        {
            json.WriteNumber("errorCount"u8, errorCount);
        }

        json.WriteNumber("cycleCount"u8, install.CycleCount);
        WriteText(json, "completeParameter", change.CompleteParameter, truncated);
        json.WriteString("source"u8, change.Source);
        if (truncated.Count > 0)
        {
            json.WriteStartArray("truncated"u8);
            truncated.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }
    }

    /// <summary>An absent text has no name.</summary>
    private static void WriteText(Utf8JsonWriter json, string name, string? text, List<string> truncated)
    {
        if (text is null)
        {
            return;
        }

        json.WriteString(name, ColumnText.Cut(text, MaxCharacters));
        if (text.Length > MaxCharacters)
        {
            truncated.Add(name);
        }
    }
}
