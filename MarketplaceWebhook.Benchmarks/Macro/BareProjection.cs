using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>The storage calls of a projection with the same rows, made by the Azure SDK as it comes, from this process.</summary>
internal sealed class BareProjection
{
    private readonly TableClient log;
    private readonly TableClient installs;

    private BareProjection(TableClient log, TableClient installs) => (this.log, this.installs) = (log, installs);

    public static async Task<BareProjection> OnAsync(string storage, CancellationToken cancellationToken)
    {
        var tables = new TableServiceClient(storage);
        var log = tables.GetTableClient(StorageNames.StatusChangesTable);
        var installs = tables.GetTableClient(StorageNames.InstallsTable);
        await log.CreateIfNotExistsAsync(cancellationToken);
        await installs.CreateIfNotExistsAsync(cancellationToken);
        return new BareProjection(log, installs);
    }

    /// <summary>What the storage is told of a notification that is the first of its package; made before the clock runs.</summary>
    public static (StatusChange Change, Package Package) RowsOf(string messageText)
    {
        var envelope = Envelope.Read(messageText);
        var accepted = (ParseResult.Accepted)NotificationReader.Read(Encoding.UTF8.GetBytes(envelope.Payload!));
        var change = StatusChangeReader.From(envelope, accepted.Notification);
        return (change, Fold.Apply(new Package(change.AccountId, change.PackageId), change));
    }

    public async Task ProjectAsync(StatusChange change, Package package, CancellationToken cancellationToken)
    {
        var append = log.AddEntityAsync(change.ToEntity(), cancellationToken);
        var filter = TableKeys.PackageFilter(change.AccountId, change.PackageId);
        await foreach (var _ in installs.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
        }

        await append;
        await AddAsync(installs, RowsOf(package), cancellationToken);
    }

    public static IEnumerable<TableEntity> RowsOf(Package package) =>
        package.Cycles.Values.Select(c => c.ToEntity(package.AccountId)).Append(package.Install!.ToEntity(package.AccountId));

    /// <summary>Rows of one partition.</summary>
    public static async Task AddAsync(TableClient table, IEnumerable<TableEntity> rows, CancellationToken cancellationToken)
    {
        foreach (var chunk in rows.Chunk(TableTransactions.MaxActions))
        {
            await table.SubmitTransactionAsync(
                chunk.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)), cancellationToken);
        }
    }
}
