using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Maintenance;

/// <summary>An account's packages as its log gives them, folded row by row: in memory lies the state, never the log.</summary>
public sealed class AccountReplay(StatusChangeReader reader)
{
    private readonly Dictionary<long, Package> packages = [];
    private readonly List<string> problems = [];

    /// <summary>Rows of the log that cannot be read: what the account should have is not known then.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>How many rows of the log it has seen.</summary>
    public int Count { get; private set; }

    public async Task AddAsync(RawRow row, CancellationToken cancellationToken)
    {
        Count++;
        try
        {
            if (await ReadAsync(reader, row, cancellationToken) is { } change)
            {
                var package = packages.GetValueOrDefault(change.PackageId) ?? new Package(change.AccountId, change.PackageId);
                packages[change.PackageId] = Fold.Apply(package, change);
            }
        }
        catch (UnreadableLogRowException e)
        {
            problems.Add(e.Message);
        }
    }

    /// <summary>The rows that Installs should have, by package.</summary>
    public Dictionary<long, List<RawRow>> Rows() => packages.ToDictionary(p => p.Key, p => p.Value.ToRows().ToList());

    /// <returns>Null for a status that the fold leaves alone.</returns>
    /// <exception cref="UnreadableLogRowException">Somebody wrote the row who is not the application, or its blob is
    /// gone.</exception>
    internal static async Task<StatusChange?> ReadAsync(StatusChangeReader reader, RawRow row, CancellationToken cancellationToken)
    {
        if (row.Id(Columns.NotificationId) is not { } id || TableKeys.NewestFirst(id) != row.RowKey)
        {
            throw new UnreadableLogRowException(row, "NotificationId is not that of the row key");
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
                : throw new UnreadableLogRowException(row, "its payload names another account");
        }
        catch (UnreadablePayloadException e)
        {
            throw new UnreadableLogRowException(row, $"the reader refuses its payload: {e.Message}");
        }
        catch (Exception e) when (StorageErrors.IsNotThere(e))
        {
            throw new UnreadableLogRowException(row, $"the blob {envelope.PayloadBlob} is gone");
        }
    }
}

/// <summary>A row of the log that does not say what happened. The message is one line for people.</summary>
public sealed class UnreadableLogRowException(RawRow row, string why)
    : Exception($"StatusChanges row {row.RowKey} cannot be read: {why}");
