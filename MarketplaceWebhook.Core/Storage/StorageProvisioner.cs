using Azure;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Storage;

/// <summary>
/// Makes the queues, tables and the container beside the start; only a call that finds one missing waits for them. A storage
/// that cannot be reached is asked again by the next call; what is deleted later is made again once, and the call repeated.
/// </summary>
public sealed class StorageProvisioner(StorageClients clients, ILogger<StorageProvisioner> logger) : IHostedService
{
    private readonly Lock gate = new();
    private Task? made;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Made();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether the application's tables are there. Makes nothing: whoever looks at the wrong storage leaves no trace in it.</summary>
    public async Task<bool> IsMadeAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A query, since to read one row that is not there is no error in a table that is not there.
            await TableRowReader.ReadAsync(
                clients.StatusChanges, TableRowReader.Partition(""), cancellationToken: cancellationToken).AnyAsync(cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (StorageErrors.IsMissing(e))
        {
            return false;
        }
    }

    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var isMadeAgain = false; ;)
        {
            var making = Made();
            var isMade = making.IsCompletedSuccessfully;
            try
            {
                // They are nearly always there: a cold start is not to wait for six answers that say so.
                return await call(cancellationToken);
            }
            catch (RequestFailedException e) when (!isMadeAgain && StorageErrors.IsMissing(e))
            {
                if (isMade)
                {
                    Log.StorageMadeAgain(logger, e.ErrorCode);
                    making = MadeAgain(making);
                    isMadeAgain = true;
                }

                await DoneAsync(making).WaitAsync(cancellationToken);
            }
        }
    }

    private async Task DoneAsync(Task making)
    {
        try
        {
            await making;
        }
        catch (Exception e) when (StorageErrors.IsTransient(e))
        {
            // It began while storage was out of reach. The call that waits has had an answer since.
            await Made();
        }
    }

    /// <summary>Done when they stand; the same making for all who ask while it lasts.</summary>
    internal Task Made()
    {
        lock (gate)
        {
            return made is null or { IsFaulted: true } or { IsCanceled: true } ? made = Task.Run(MakeAsync) : made;
        }
    }

    private Task MadeAgain(Task last)
    {
        lock (gate)
        {
            return made == last ? made = Task.Run(MakeAsync) : made!;
        }
    }

    private async Task MakeAsync()
    {
        try
        {
            await Task.WhenAll(
                clients.Queue.CreateIfNotExistsAsync(),
                clients.PoisonQueue.CreateIfNotExistsAsync(),
                clients.Installs.CreateIfNotExistsAsync(),
                clients.StatusChanges.CreateIfNotExistsAsync(),
                clients.DeadLetters.CreateIfNotExistsAsync(),
                clients.Payloads.CreateIfNotExistsAsync());
        }
        catch (RequestFailedException e) when (e.Status == 403)
        {
            // An identity may be allowed to use them and not to make them: the call itself will tell.
            Log.StorageNotMade(logger, StorageErrors.Describe(e));
        }
        catch (Exception e)
        {
            Log.StorageNotMade(logger, StorageErrors.Describe(e));
            throw;
        }
    }
}
