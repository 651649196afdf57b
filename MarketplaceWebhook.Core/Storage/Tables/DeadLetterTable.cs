using System.Runtime.CompilerServices;
using System.Text;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>The table DeadLetters, with the blobs of the bodies that do not fit.</summary>
public sealed class DeadLetterTable(StorageClients clients, PayloadBlobs payloads)
{
    private static readonly string[] ColumnsToCount =
        [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), Columns.Reason, Columns.RedrivenAt];

    /// <summary>Replaces the row, and so clears RedrivenAt: a second failure shows.</summary>
    public async Task RecordAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        if (letter.NeedsBlob)
        {
            await payloads.PutDeadLetterAsync(
                letter.Kind, letter.Id, letter.AccountId, letter.Body, cancellationToken);
        }

        if (letter.InsertedAt is null)
        {
            await clients.DeadLetters.UpsertEntityAsync(letter.ToEntity(), TableUpdateMode.Replace, cancellationToken);
            return;
        }

        while (!await TryRecordAsync(letter.ToEntity(), cancellationToken))
        {
            // Another recording of the same text was faster: keep its ReceivedAt.
        }
    }

    /// <summary>Inserts the row, or replaces it and keeps its ReceivedAt.</summary>
    /// <returns>False: it was written or removed since it was read.</returns>
    private async Task<bool> TryRecordAsync(TableEntity entity, CancellationToken cancellationToken)
    {
        var stored = await clients.DeadLetters.GetEntityIfExistsAsync<TableEntity>(
            entity.PartitionKey, entity.RowKey, [Columns.ReceivedAt], cancellationToken);
        try
        {
            if (!stored.HasValue)
            {
                await clients.DeadLetters.AddEntityAsync(entity, cancellationToken);
                return true;
            }

            if (RawRow.From(stored.Value!).Time(Columns.ReceivedAt) is { } first)
            {
                entity[Columns.ReceivedAt] = first;
            }

            await clients.DeadLetters.UpdateEntityAsync(entity, stored.Value!.ETag, TableUpdateMode.Replace, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (StorageErrors.IsLostRace(e))
        {
            return false;
        }
    }

    /// <summary>Newest first within each kind; those whose id has no time are last.</summary>
    /// <param name="kind"><see cref="DeadLetter.Rejected"/> or <see cref="DeadLetter.Failed"/>; null is both, *failed*
    /// first.</param>
    public IAsyncEnumerable<StoredDeadLetter> ReadAsync(
        string? kind, DateTimeOffset? since, CancellationToken cancellationToken) =>
        ReadAsync(kind, since, columns: null, cancellationToken);

    /// <summary>Only kind, reason and RedrivenAt, of both kinds.</summary>
    public IAsyncEnumerable<StoredDeadLetter> ReadWithoutBodiesAsync(
        DateTimeOffset? since, CancellationToken cancellationToken) =>
        ReadAsync(kind: null, since, ColumnsToCount, cancellationToken);

    private async IAsyncEnumerable<StoredDeadLetter> ReadAsync(
        string? kind, DateTimeOffset? since, IEnumerable<string>? columns,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var partition in kind is null ? [DeadLetter.Failed, DeadLetter.Rejected] : (string[])[kind])
        {
            foreach (var filter in TableKeys.DeadLetterFilters(partition, since))
            {
                await foreach (var row in TableRowReader.ReadAsync(
                    clients.DeadLetters, filter, columns, cancellationToken: cancellationToken))
                {
                    yield return new StoredDeadLetter(row);
                }
            }
        }
    }

    /// <summary>A body can be rejected and, once redriven, fail under the same id.</summary>
    public async Task<IReadOnlyList<StoredDeadLetter>> FindAsync(NotificationId id, CancellationToken cancellationToken)
    {
        var found = new List<StoredDeadLetter>();
        foreach (var kind in (string[])[DeadLetter.Failed, DeadLetter.Rejected])
        {
            var row = await clients.DeadLetters.GetEntityIfExistsAsync<TableEntity>(
                kind, TableKeys.NewestFirst(id), cancellationToken: cancellationToken);
            if (row.HasValue)
            {
                found.Add(new StoredDeadLetter(RawRow.From(row.Value!)));
            }
        }

        return found;
    }

    /// <returns>The complete body, or the beginning of a body that was too large. Null: its blob is gone.</returns>
    public async Task<ReadOnlyMemory<byte>?> GetBodyAsync(StoredDeadLetter letter, CancellationToken cancellationToken) =>
        letter.BodyBlob is { } blob
            ? await payloads.FindAsync(blob, cancellationToken) : Encoding.UTF8.GetBytes(letter.Body ?? "");

    /// <returns>False: the row was written since it was read, because the message failed again.</returns>
    public async Task<bool> MarkRedrivenAsync(StoredDeadLetter letter, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var mark = new TableEntity(letter.Row.PartitionKey, letter.Row.RowKey).With(Columns.RedrivenAt, at);
        try
        {
            await clients.DeadLetters.UpdateEntityAsync(mark, letter.Row.ETag, TableUpdateMode.Merge, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (StorageErrors.IsLostRace(e))
        {
            return false;
        }
    }

    /// <summary>Removes only the rows. A row that was recorded again since it was read stays.</summary>
    /// <param name="letters">Of one kind.</param>
    public Task<int> RemoveAsync(IEnumerable<StoredDeadLetter> letters, CancellationToken cancellationToken) =>
        TableRowReader.RemoveAsync(
            clients.DeadLetters, letters.Select(letter => letter.Row), onlyAsRead: true, cancellationToken);
}
