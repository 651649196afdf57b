using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// A random history of notifications on storage in memory, and a maintenance command in the middle of it. Around each storage
/// call of the command, notifications of two accounts take steps: <see cref="MaintenanceReceipts"/>,
/// <see cref="MaintenanceDeliveries"/>. Before or after any of its calls, the command can be killed, or another command can run.
/// The same seed gives the same history.
/// </summary>
internal sealed class MaintenanceHistory : IAsyncDisposable
{
    public static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    public static readonly Guid Other = new("bbbbbbbb-0000-0000-0000-000000000002");

    /// <summary>A command that waits until nothing is created any more has to end.</summary>
    private const int MostNotifications = 60;

    private static readonly Guid[] Accounts = [Account, Other];
    private static readonly string[] Statuses = [.. KnownStatus.All, NotificationBody.Unknown];

    private readonly Random _random;
    private readonly MaintenanceStorage _storage;
    private readonly MaintenanceReceipts _receipts;
    private readonly MaintenanceDeliveries _deliveries;
    private int _calls;
    private bool _isCommand;
    private (int Call, bool Before)? _interruption;
    private Func<Task>? _other;
    private bool _isInterrupted;

    public MaintenanceHistory(int seed, FallbackAccount fallback)
    {
        _random = new Random(seed);
        _storage = new MaintenanceStorage(
            fallback,
            new TableHooks { Before = (_, _) => CallAsync(before: true), After = (_, _) => CallAsync(before: false) });
        _receipts = new MaintenanceReceipts(_storage, _random);
        _deliveries = new MaintenanceDeliveries(_storage, _random, _receipts);
        Checks = new MaintenanceChecks(_storage, _receipts, _deliveries);
    }

    public MaintenanceChecks Checks { get; }

    /// <summary>Notifications before it are old.</summary>
    public DateTimeOffset Middle { get; private set; }

    /// <summary>Some notifications in every state, half of them before <see cref="Middle"/>.</summary>
    public async Task StartAsync()
    {
        for (var count = 0; _storage.Kind == FallbackAccount.PrimaryOfAnotherDeployment && count < 6; count++)
        {
            await _receipts.StoreOfAnotherDeploymentAsync(Accounts[count % 2]);
        }

        await HalfAsync(isMoving: true);
        _deliveries.InProgress.Clear();
        _storage.Time.Advance(TimeSpan.FromDays(10));
        Middle = _storage.Time.GetUtcNow() - TimeSpan.FromDays(5);
        // Old messages stay in the fallback storage.
        await HalfAsync(isMoving: false);
        await StoreReconciliationsAsync();
    }

    /// <summary>
    /// Some rows of Installs are not those that the log gives: changed, missing, surplus. Some of Accounts are missing.
    /// </summary>
    public async Task DamageTablesAsync()
    {
        var (accounts, installs) = (_storage.Primary.Accounts, _storage.Primary.Installs);
        foreach (var row in accounts.Rows.Where(_ => _random.Next(2) == 0))
        {
            await accounts.DeleteEntityAsync(row.PartitionKey, row.RowKey);
        }

        foreach (var row in installs.Rows.Where(_ => _random.Next(3) == 0))
        {
            switch (_random.Next(3))
            {
                case 0:
                    row["Status"] = "running";
                    await installs.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Merge);
                    break;
                case 1:
                    await installs.DeleteEntityAsync(row.PartitionKey, row.RowKey);
                    break;
                default:
                    (row.RowKey, row["PackageId"]) = ($"7{row.RowKey}", 7L);
                    await installs.UpsertEntityAsync(row);
                    break;
            }
        }
    }

    /// <param name="interruption">A call of the command, and whether it happens before or after it.</param>
    /// <param name="other">The command that runs then, without interruptions of its own; null: the command is killed.</param>
    /// <returns>Whether the command made that call.</returns>
    public async Task<bool> RunAsync(
        MaintenanceCommand command, (int Call, bool Before)? interruption = null, MaintenanceCommand? other = null)
    {
        _other = other is { } next ? () => RunAloneAsync(next) : null;
        (_calls, _interruption, _isInterrupted, _isCommand) = (0, interruption, false, true);
        try
        {
            await RunAloneAsync(command);
        }
        catch (KilledException)
        {
        }
        finally
        {
            (_isCommand, _other) = (false, null);
        }

        return _isInterrupted;
    }

    /// <summary>Nothing else happens while the command runs.</summary>
    public Task RunAloneAsync(MaintenanceCommand command)
    {
        // A message is sent within 15 s of its body; a command that runs between the two has no time to wait.
        var wait = _isCommand || _other is null ? TimeSpan.FromSeconds(20) : TimeSpan.Zero;
        var services = _storage.Services;
        return command switch
        {
            MaintenanceCommand.Erase => services.Get<Erasure>().RunAsync(Account, wait, default),
            MaintenanceCommand.Purge => services.Get<Purge>().RunAsync(Middle, dryRun: false, wait, default),
            MaintenanceCommand.Redrive => RedriveAsync(),
            _ => services.Get<Rebuild>()
                .RunAsync(account: null, apply: true, TimeSpan.FromSeconds(5), null, default).CountAsync().AsTask(),
        };
    }

    /// <summary>Everything that was sent is projected or a dead letter, and no message is left.</summary>
    public Task DrainAsync() => DrainAsync(isMoving: true);

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    private async Task HalfAsync(bool isMoving)
    {
        foreach (var account in Accounts)
        {
            // Its row has the AccountApiId that some rejected bodies have nothing else of.
            await _receipts.StoreAsync(_receipts.Next("installed", account));
            await _receipts.RejectSomeAsync(account);
        }

        await DrainAsync(isMoving);
        for (var step = 0; step < 40; step++)
        {
            await StepAsync();
        }
    }

    private async Task StoreReconciliationsAsync()
    {
        var reconciliations = _storage.Services.Get<ReconciliationTable>();
        foreach (var account in Accounts)
        {
            foreach (var partition in MaintenanceChecks.ReconciliationPartitions(account))
            {
                await reconciliations.ReplaceAsync(
                    partition, MaintenanceReceipts.ApiId(account),
                    [new() { Kind = DifferenceKind.NotAccessible, Detail = "why" }], _storage.Time.GetUtcNow(), default);
            }
        }
    }

    private async Task RedriveAsync()
    {
        var redrive = _storage.Services.Get<Redrive>();
        await redrive.RedrivePoisonAsync(dryRun: false, default).CountAsync();
        await foreach (var deadLetter in _storage.Services.Get<DeadLetterTable>().ReadAsync(kind: null, since: null, default))
        {
            if (deadLetter.RedrivenAt is null)
            {
                await redrive.RedriveAsync(deadLetter, dryRun: false, default);
            }
        }
    }

    private async Task DrainAsync(bool isMoving)
    {
        await _receipts.SendAllAsync();
        await _deliveries.DrainAsync(isMoving);
    }

    private async Task CallAsync(bool before)
    {
        _deliveries.CountCall();
        if (!_isCommand)
        {
            return;
        }

        _isCommand = false;
        if (before)
        {
            _calls++;
            await _receipts.SendLateAsync();
            for (var steps = _random.Next(4); steps > 0; steps--)
            {
                await StepAsync();
            }
        }

        Checks.AssertPayloadsAreReachable();
        if (_interruption == (_calls, before))
        {
            _isInterrupted = true;
            await (_other?.Invoke() ?? throw new KilledException());
            Checks.AssertPayloadsAreReachable();
        }

        _isCommand = true;
    }

    private async Task StepAsync()
    {
        switch (_random.Next(10))
        {
            case 0 or 1 when _receipts.Count < MostNotifications:
                var account = _random.Next(3) > 0 ? Account : Other;
                await _receipts.StoreAsync(_receipts.Next(Statuses[_random.Next(Statuses.Length)], account));
                break;
            case 2 when _receipts.Unsent.Count > 0:
                await _receipts.SendAsync(_receipts.Unsent[_random.Next(_receipts.Unsent.Count)]);
                break;
            case 3 or 4:
                await _deliveries.ReceiveAnyAsync();
                break;
            case 5 when _receipts.Count < MostNotifications:
                await _receipts.RejectAsync($$"""{"AccountId":"{{Accounts[_random.Next(2)]}}"}""", accountId: null);
                break;
            case 6:
                _storage.Time.Advance(TimeSpan.FromMilliseconds(_random.Next(1000)));
                break;
            case > 6 when _deliveries.InProgress.Count > 0:
                await _deliveries.ContinueAnyAsync();
                break;
        }
    }
}
