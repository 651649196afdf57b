using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>Reads what the fold needs from a row of the log.</summary>
public static class LogRowReader
{
    /// <returns>Null for a status that the fold ignores.</returns>
    /// <exception cref="UnreadableLogRowException">The row was not written by the application, is of the future, or its blob is
    /// gone.</exception>
    public static async Task<StatusChange?> ReadAsync(
        this StatusChangeReader reader, RawRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (row.Id(Columns.NotificationId) is not { } id || TableKeys.NewestFirst(id) != row.RowKey)
        {
            throw new UnreadableLogRowException(row, "NotificationId is not that of the row key");
        }

        if (id.IsOfFuture(now))
        {
            throw new UnreadableLogRowException(
                row,
                $"the time of its id, {TimeText.Of(id.ReceivedAt)}, is more than a day from now, so that it wins over every other "
                + "one until then. Delete the row, then run `rebuild --apply`");
        }

        if (row.Text(Columns.Status) is { } status && !KnownStatus.Includes(status))
        {
            return null;
        }

        var envelope = new Envelope(
            id, row.Text(Columns.Source) ?? "", TraceParent: null, row.Text(Columns.Payload), row.Text(Columns.PayloadBlob));
        if (envelope.Source == "" || envelope.Payload is null == envelope.PayloadBlob is null)
        {
            throw new UnreadableLogRowException(row, "it has no Source, or not one of Payload and PayloadBlob");
        }

        try
        {
            var change = await reader.ReadAsync(envelope, cancellationToken);
            return TableKeys.Account(change.AccountId) == row.PartitionKey
                ? change
                : throw new UnreadableLogRowException(row, "its payload is of another account");
        }
        catch (UnreadablePayloadException e)
        {
            throw new UnreadableLogRowException(row, $"its payload is invalid: {e.Message}");
        }
        catch (Exception e) when (StorageErrors.IsNotFound(e))
        {
            throw new UnreadableLogRowException(row, $"the blob {envelope.PayloadBlob} is gone");
        }
    }
}

/// <summary>A row of the log that cannot be used. The message is one line for people.</summary>
public sealed class UnreadableLogRowException(RawRow row, string why)
    : Exception($"StatusChanges row {row.RowKey} cannot be used: {why}");
