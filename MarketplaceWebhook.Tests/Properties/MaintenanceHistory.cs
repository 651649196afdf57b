using System.Text;
using Azure;
using Azure.Data.Tables;
using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Histories;
using MarketplaceWebhook.Tests.Support.MemoryStorage;
using MarketplaceWebhook.Tests.Support.MemoryTables;
using Microsoft.Extensions.Logging.Abstractions;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// A random history of notifications on storage in memory, and a maintenance command in the middle of it. Around each storage
/// call of the command, notifications of two accounts take steps: a body is stored, its message is sent, delivered, projected,
/// deleted, delayed, delivered again, moved to the poison queue, recorded as a dead letter, put back. A third of them arrive in
/// the fallback storage, some in both, and are moved; a move can be killed at any of its calls. Before or after any of its calls,
/// the command can be killed, or another command can run. The same seed gives the same history. Some payloads in the fallback
/// storage are where an earlier version put them.
/// </summary>
internal sealed class MaintenanceHistory
{
    public static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    public static readonly Guid Other = new("bbbbbbbb-0000-0000-0000-000000000002");

    /// <summary>A command that waits until nothing is created any more has to end.</summary>
    private const int MostNotifications = 60;

    private static readonly string[] Statuses = [.. KnownStatus.All, NotificationBody.Unknown];
    private static readonly StorageClients Nowhere = new(StorageSettings.FromConnectionString("UseDevelopmentStorage=true"));
    private static readonly StorageClients NowhereElse = new(StorageSettings.FromConnectionString(
        "AccountName=fallback;AccountKey=a2V5;DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net"));

    private static readonly string Long = new('x', 33_000);

    private readonly Random _random;
    private readonly InstantTime _time = new(Ids.Start);
    private readonly MemoryTableClient _installs;
    private readonly MemoryTableClient _statusChanges;
    private readonly MemoryTableClient _deadLetters;
    private readonly MemoryTableClient _accounts;
    private readonly MemoryTableClient _reconciliations;
    private readonly MemoryQueueClient _queue;
    private readonly MemoryQueueClient _poison;
    private readonly MemoryBlobContainerClient _blobs;
    private readonly MemoryQueueClient _fallbackQueue;
    private readonly MemoryQueueClient _fallbackPoison;
    private readonly MemoryBlobContainerClient _fallbackBlobs;
    private readonly MemoryBlobContainerClient _earlierBlobs;
    private readonly PayloadBlobs _payloads;
    private readonly PayloadBlobs _fallbackPayloads;
    private readonly PayloadBlobs _earlierPayloads;
    private readonly NotificationQueue _fallbackNotifications;
    private readonly FallbackMover _mover;
    private readonly NotificationQueue _notifications;
    private readonly DeadLetterTable _deadLetterTable;
    private readonly ReconciliationTable _reconciliationTable;
    private readonly StatusChangeLog _log;
    private readonly InstallTable _installTable;
    private readonly Projector _projector;
    private readonly Erasure _erasure;
    private readonly Purge _purge;
    private readonly Redrive _redrive;
    private readonly Rebuild _rebuild;

    /// <summary>Notifications whose body was stored and whose message was not sent yet.</summary>
    private readonly List<(NotificationId Id, Guid Account, string Body)> _unsent = [];
    private readonly HashSet<NotificationId> _toFallback = [];
    private readonly HashSet<NotificationId> _toBoth = [];
    private readonly HashSet<NotificationId> _fromEarlierVersion = [];
    private readonly List<string> _ofAnotherDeployment = [];
    private readonly FallbackAccount _kind;
    private readonly Dictionary<string, string?> _blobOf = [];
    private readonly List<Delivery> _deliveries = [];
    private readonly List<(NotificationId Id, Guid Account, string Body)> _sent = [];
    private readonly List<(NotificationId Id, Guid Account, string Body)> _projected = [];
    private int _count;
    private int _calls;
    private bool _isCommand;
    private (int Call, bool Before)? _interruption;
    private Func<Task>? _other;
    private bool _isInterrupted;
    private int? _callsUntilMoveIsKilled;

    public MaintenanceHistory(int seed, FallbackAccount fallbackAccount)
    {
        _kind = fallbackAccount;
        _random = new Random(seed);
        _installs = new MemoryTableClient(StorageNames.InstallsTable, pageSize: 10, _time);
        _statusChanges = new MemoryTableClient(StorageNames.StatusChangesTable, pageSize: 10, _time);
        _deadLetters = new MemoryTableClient(StorageNames.DeadLettersTable, pageSize: 10, _time);
        _accounts = new MemoryTableClient(StorageNames.AccountsTable, pageSize: 10, _time);
        _reconciliations = new MemoryTableClient(StorageNames.ReconciliationsTable, pageSize: 10, _time);
        _queue = new MemoryQueueClient(StorageNames.Queue, _time);
        _poison = new MemoryQueueClient(StorageNames.PoisonQueue, _time);
        _blobs = new MemoryBlobContainerClient(StorageNames.PayloadContainer, _time);
        _fallbackQueue = new MemoryQueueClient(StorageNames.FallbackQueue, _time);
        _fallbackPoison = new MemoryQueueClient(StorageNames.FallbackPoisonQueue, _time);
        _fallbackBlobs = new MemoryBlobContainerClient(StorageNames.FallbackPayloadContainer, _time);
        _earlierBlobs = fallbackAccount == FallbackAccount.SameUnderAnotherAddress
            ? _blobs : new MemoryBlobContainerClient(StorageNames.PayloadContainer, _time);
        var hooks = new TableHooks { Before = (_, _) => CallAsync(before: true), After = (_, _) => CallAsync(before: false) };
        (_installs.Hooks, _statusChanges.Hooks, _deadLetters.Hooks, _reconciliations.Hooks) = (hooks, hooks, hooks, hooks);
        _accounts.Hooks = hooks;
        (_queue.Hooks, _poison.Hooks, _blobs.Hooks) = (hooks, hooks, hooks);
        (_fallbackQueue.Hooks, _fallbackPoison.Hooks, _fallbackBlobs.Hooks) = (hooks, hooks, hooks);
        _earlierBlobs.Hooks = hooks;
        var clients = Nowhere with
        {
            Installs = _installs,
            StatusChanges = _statusChanges,
            DeadLetters = _deadLetters,
            Accounts = _accounts,
            Reconciliations = _reconciliations,
            Queue = _queue,
            RawQueue = _queue,
            PoisonQueue = _poison,
            RawPoisonQueue = _poison,
            Payloads = _blobs,
        };
        var fallback = NowhereElse with
        {
            Queue = _fallbackQueue,
            RawQueue = _fallbackQueue,
            PoisonQueue = _fallbackPoison,
            RawPoisonQueue = _fallbackPoison,
            FallbackQueue = _fallbackQueue,
            Payloads = _fallbackBlobs,
            EarlierPayloads = _earlierBlobs,
        };
        _payloads = new PayloadBlobs(clients);
        var fallbackStorage = new FallbackStorage(fallback);
        _fallbackPayloads = fallbackStorage.Payloads;
        _earlierPayloads = fallbackStorage.EarlierPayloads;
        _fallbackNotifications = fallbackStorage.Queue;
        _notifications = new NotificationQueue(clients, _payloads);
        _deadLetterTable = new DeadLetterTable(clients, _payloads);
        _reconciliationTable = new ReconciliationTable(clients);
        _log = new StatusChangeLog(clients);
        _installTable = new InstallTable(clients);
        var accounts = new AccountTable(clients);
        var reader = new StatusChangeReader(_payloads);
        var retry = new StorageRetry(new TimeLimits(), _time, NullLogger<StorageRetry>.Instance);
        _projector = new Projector(_log, _installTable, accounts, reader, retry, _time, NullLogger<Projector>.Instance);
        _mover = new FallbackMover(
            _notifications, _payloads, _time, NullLogger<FallbackMover>.Instance, fallbackStorage);
        var inspector = new QueueInspector(clients, fallbackStorage);
        _erasure = new Erasure(
            _installTable, accounts, _log, _deadLetterTable, _reconciliationTable, _payloads, inspector, _time, fallbackStorage);
        _purge = new Purge(_log, _deadLetterTable, _payloads, reader, inspector, _time, fallbackStorage);
        _redrive = new Redrive(_deadLetterTable, _notifications, _payloads, inspector, _time);
        _rebuild = new Rebuild(_installTable, accounts, _log, reader, retry, _time);
    }

    /// <summary>Notifications before it are old.</summary>
    private DateTimeOffset Middle { get; set; }

    /// <summary>Some notifications in every state, half of them before <see cref="Middle"/>.</summary>
    public async Task StartAsync()
    {
        for (var other = 0; _kind == FallbackAccount.PrimaryOfAnotherDeployment && other < 6; other++)
        {
            var id = NextId();
            _ofAnotherDeployment.Add(TableKeys.PayloadBlob(id));
            await _earlierPayloads.PutPayloadAsync(id, other % 2 == 0 ? Account : Other, "{}"u8.ToArray(), default);
        }

        await HalfAsync(isMoving: true);
        _deliveries.Clear();
        _time.Advance(TimeSpan.FromDays(10));
        Middle = _time.GetUtcNow() - TimeSpan.FromDays(5);
        // Old messages stay in the fallback storage.
        await HalfAsync(isMoving: false);
        foreach (var account in (Guid[])[Account, Other])
        {
            foreach (var partition in ReconciliationPartitions(account))
            {
                await _reconciliationTable.ReplaceAsync(
                    partition, ApiId(account), [new() { Kind = DifferenceKind.NotAccessible, Detail = "why" }], _time.GetUtcNow(),
                    default);
            }
        }

        async Task HalfAsync(bool isMoving)
        {
            foreach (var account in (Guid[])[Account, Other])
            {
                // Its row has the AccountApiId that some rejected bodies have nothing else of.
                var (id, body) = (NextId(), Body("installed", account));
                await StoreAsync((id, account, body));
                await RejectAsync(
                    $$"""{"AccountApiId":"{{ApiId(account)}}","x":"{{(IsLong() ? Long : "")}}"}""", accountId: null);
                await RejectAsync($$"""[{"AccountId":"{{account}}","x":"{{(IsLong() ? Long : "")}}"}]""", accountId: null);
                await RejectAsync($$"""{"AccountId":"{{account}}"}""", account);
                // A later version of the application accepts it.
                var valid = Body("stopped", account);
                _sent.Add((await RejectAsync(valid, account), account, valid));
            }

            await DrainAsync(isMoving);
            for (var step = 0; step < 40; step++)
            {
                await StepAsync();
            }
        }
    }

    /// <summary>
    /// Some rows of Installs are not those that the log gives: changed, missing, surplus. Some of Accounts are missing.
    /// </summary>
    public async Task DamageTablesAsync()
    {
        foreach (var row in _accounts.Rows.Where(_ => _random.Next(2) == 0))
        {
            await _accounts.DeleteEntityAsync(row.PartitionKey, row.RowKey);
        }

        foreach (var row in _installs.Rows.Where(_ => _random.Next(3) == 0))
        {
            switch (_random.Next(3))
            {
                case 0:
                    row["Status"] = "running";
                    await _installs.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Merge);
                    break;
                case 1:
                    await _installs.DeleteEntityAsync(row.PartitionKey, row.RowKey);
                    break;
                default:
                    (row.RowKey, row["PackageId"]) = ($"7{row.RowKey}", 7L);
                    await _installs.UpsertEntityAsync(row);
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
    public async Task RunAloneAsync(MaintenanceCommand command)
    {
        // A message is sent within 15 s of its body; a command that runs between the two has no time to wait.
        var wait = _isCommand || _other is null ? TimeSpan.FromSeconds(20) : TimeSpan.Zero;
        switch (command)
        {
            case MaintenanceCommand.Erase:
                await _erasure.RunAsync(Account, wait, default);
                break;
            case MaintenanceCommand.Purge:
                await _purge.RunAsync(Middle, dryRun: false, wait, default);
                break;
            case MaintenanceCommand.Redrive:
                await _redrive.RedrivePoisonAsync(dryRun: false, default).CountAsync();
                await foreach (var deadLetter in _deadLetterTable.ReadAsync(kind: null, since: null, default))
                {
                    if (deadLetter.RedrivenAt is null)
                    {
                        await _redrive.RedriveAsync(deadLetter, dryRun: false, default);
                    }
                }

                break;
            default:
                await _rebuild.RunAsync(account: null, apply: true, TimeSpan.FromSeconds(5), null, default).CountAsync();
                break;
        }
    }

    /// <summary>Everything that was sent is projected or a dead letter, and no message is left.</summary>
    /// <param name="isMoving">False: what is in the fallback storage stays there.</param>
    public async Task DrainAsync(bool isMoving = true)
    {
        while (_unsent.Count > 0)
        {
            await SendAsync(_unsent[0]);
        }

        while (_deliveries.Count > 0)
        {
            await ContinueAsync(_deliveries[0], mayFail: false);
        }

        MemoryQueueClient[] queues = isMoving ? [_queue, _poison, _fallbackQueue] : [_queue, _poison];
        while (queues.Any(queue => queue.Texts.Count > 0))
        {
            _time.Advance(TimeSpan.FromMinutes(10));
            await ReceiveAsync(queues[_random.Next(queues.Length)]);
            while (_deliveries.Count > 0)
            {
                await ContinueAsync(_deliveries[0], mayFail: false);
            }
        }
    }

    public void AssertEverythingOfTheAccountIsGone()
    {
        Assert.DoesNotContain(_installs.Rows, row => row.PartitionKey == Account.ToString());
        Assert.DoesNotContain(_statusChanges.Rows, row => row.PartitionKey == Account.ToString());
        Assert.DoesNotContain(_accounts.Rows, row => row.RowKey == Account.ToString());
        Assert.Equal(
            ReconciliationPartitions(Other).Order(StringComparer.Ordinal), _reconciliations.Rows.Select(row => row.PartitionKey));
        string[] names = [Account.ToString(), ApiId(Account)];
        Assert.DoesNotContain(
            _deadLetters.Rows, row => row.GetString(Columns.AccountId) == names[0]
                || names.Any(name => row.GetString(Columns.Body)?.Contains(name, StringComparison.Ordinal) == true));
        Assert.DoesNotContain(
            _blobs.Contents.Concat(_fallbackBlobs.Contents),
            blob => names.Any(name => blob.Value.Contains(name, StringComparison.Ordinal)));
    }

    /// <summary>What could be redriven was projected.</summary>
    public async Task AssertDeadLettersAreRedrivenAsync()
    {
        foreach (var deadLetter in await _deadLetterTable.ReadAsync(kind: null, since: null, default).ToListAsync())
        {
            foreach (var (id, account, _) in _sent.Where(one => one.Id == deadLetter.Id))
            {
                Assert.NotNull(deadLetter.RedrivenAt);
                Assert.True(await _log.ContainsAsync(TableKeys.Account(account), id, default), $"{id} is not projected.");
            }
        }
    }

    /// <param name="isPurged">Old rows may be gone, but only with their blobs; Installs is as it was.</param>
    public async Task AssertEverythingIsThereAsync(Func<Guid, bool> accounts, bool isPurged)
    {
        var sent = _sent.Where(one => accounts(one.Account)).ToList();
        foreach (var (id, account, _) in sent.Where(one => !isPurged || one.Id.ReceivedAt >= Middle))
        {
            Assert.True(
                await _log.ContainsAsync(TableKeys.Account(account), id, default)
                    || (await _deadLetterTable.FindAsync(id, default)).Count > 0,
                $"{id} is lost.");
        }

        var rows = _statusChanges.Rows.Concat(_deadLetters.Rows).ToList();
        var referred = rows.SelectMany(row => new[]
        {
            row.GetString(Columns.PayloadBlob), row.GetString(Columns.BodyBlob),
            row.PartitionKey == DeadLetter.Failed ? BlobOf(row.GetString(Columns.Body)) : null,
        }).OfType<string>().ToHashSet();
        Assert.DoesNotContain(referred, name => !_blobs.Exists(name));
        Assert.Empty(_fallbackBlobs.Names);
        if (_kind != FallbackAccount.SameUnderAnotherAddress)
        {
            Assert.Equal(_ofAnotherDeployment, _earlierBlobs.Names);
        }

        if (isPurged)
        {
            Assert.Equal(
                referred.Order(StringComparer.Ordinal), _blobs.Names.Where(IsOld).Union(referred).Order(StringComparer.Ordinal));
            Assert.DoesNotContain(
                _deadLetters.Rows, row => row.GetDateTimeOffset(Columns.ReceivedAt) < Middle
                    && !(row.GetDateTimeOffset(Columns.RedrivenAt) >= Middle));
        }

        var expected = FoldedRows.Rows(_projected.Where(one => accounts(one.Account))
            .DistinctBy(one => one.Id).OrderBy(one => one.Id)
            .Select(one => FoldedRows.Change(one.Id, one.Body)).Where(change => KnownStatus.Includes(change.Status)));
        Assert.Equal(
            expected, _installs.Rows.Where(row => accounts(Guid.Parse(row.PartitionKey)))
                .Select(row => MaintenanceServices.Text(RawRow.From(row))));
        AccountRows.AssertEveryInstallIsIndexed(_installs.Rows, _accounts.Rows);
        Assert.Empty(await _rebuild.RunAsync(null, apply: false, TimeSpan.Zero, null, default).ToListAsync());

        bool IsOld(string name) =>
            TableKeys.TryParseBlob(name, out var id, out _) && id.ReceivedAt < Middle && _blobs.WrittenAt(name) < Middle;
    }

    private async Task CallAsync(bool before)
    {
        if (_callsUntilMoveIsKilled-- == 0)
        {
            throw new KilledException();
        }

        if (!_isCommand)
        {
            return;
        }

        _isCommand = false;
        if (before)
        {
            _calls++;
            // The caller has its response after 10 s at most.
            foreach (var late in _unsent.Where(one => _time.GetUtcNow() - one.Id.ReceivedAt > TimeSpan.FromSeconds(9)).ToList())
            {
                await SendAsync(late);
            }

            for (var steps = _random.Next(4); steps > 0; steps--)
            {
                await StepAsync();
            }
        }

        AssertPayloadsAreReachable();
        if (_interruption == (_calls, before))
        {
            _isInterrupted = true;
            await (_other?.Invoke() ?? throw new KilledException());
            AssertPayloadsAreReachable();
        }

        _isCommand = true;
    }

    private void AssertPayloadsAreReachable()
    {
        var toMove = _deliveries.Where(delivery => delivery.Queue == _fallbackQueue).ToList();
        foreach (var blob in Blobs(_queue.Texts.Concat(_poison.Texts), _deliveries.Except(toMove)))
        {
            Assert.True(_blobs.Exists(blob), $"A message refers to {blob}, which is gone.");
        }

        foreach (var blob in Blobs(_fallbackQueue.Texts, toMove))
        {
            Assert.True(
                _fallbackBlobs.Exists(blob) || _earlierBlobs.Exists(blob) || _blobs.Exists(blob),
                $"A message in the fallback storage refers to {blob}, which is gone.");
        }

        foreach (var blob in _ofAnotherDeployment)
        {
            Assert.True(_earlierBlobs.Exists(blob), $"Another deployment refers to {blob}, which is gone.");
        }

        IEnumerable<string> Blobs(IEnumerable<string> texts, IEnumerable<Delivery> deliveries) =>
            texts.Concat(deliveries.Select(delivery => delivery.Text)).Select(BlobOf).OfType<string>();
    }

    private async Task StepAsync()
    {
        switch (_random.Next(10))
        {
            case 0 or 1 when _count < MostNotifications:
                var account = _random.Next(3) > 0 ? Account : Other;
                await StoreAsync((NextId(), account, Body(Statuses[_random.Next(Statuses.Length)], account)));
                break;
            case 2 when _unsent.Count > 0:
                await SendAsync(_unsent[_random.Next(_unsent.Count)]);
                break;
            case 3 or 4:
                await ReceiveAsync(_random.Next(4) switch { 0 or 1 => _queue, 2 => _poison, _ => _fallbackQueue });
                break;
            case 5 when _count < MostNotifications:
                await RejectAsync($$"""{"AccountId":"{{(_random.Next(2) == 0 ? Account : Other)}}"}""", accountId: null);
                break;
            case 6:
                _time.Advance(TimeSpan.FromMilliseconds(_random.Next(1000)));
                break;
            case > 6 when _deliveries.Count > 0:
                await ContinueAsync(_deliveries[_random.Next(_deliveries.Count)], mayFail: true);
                break;
        }
    }

    private async Task StoreAsync((NotificationId Id, Guid Account, string Body) one)
    {
        if (_random.Next(3) == 0)
        {
            _toFallback.Add(one.Id);
            // The primary storage accepted it, but its response came too late.
            if (_random.Next(4) == 0)
            {
                _toBoth.Add(one.Id);
            }

            if (_random.Next(2) == 0)
            {
                _fromEarlierVersion.Add(one.Id);
            }
        }

        if (one.Body.Length > ColumnText.MaxCharacters)
        {
            foreach (var (payloads, _) in Receivers(one.Id))
            {
                await payloads.PutPayloadAsync(one.Id, one.Account, Encoding.UTF8.GetBytes(one.Body), default);
            }
        }

        _unsent.Add(one);
    }

    private async Task SendAsync((NotificationId Id, Guid Account, string Body) one)
    {
        var payload = one.Body.Length > ColumnText.MaxCharacters ? [] : Encoding.UTF8.GetBytes(one.Body);
        var text = Encoding.UTF8.GetString(Envelope.Write(one.Id, SourceLabel.Default, null, payload).Span);
        foreach (var (_, queue) in Receivers(one.Id))
        {
            await queue.ResendAsync(text, default);
        }

        _unsent.Remove(one);
        _sent.Add(one);
    }

    private IEnumerable<(PayloadBlobs Payloads, NotificationQueue Queue)> Receivers(NotificationId id)
    {
        if (!_toFallback.Contains(id) || _toBoth.Contains(id))
        {
            yield return (_payloads, _notifications);
        }

        if (_toFallback.Contains(id))
        {
            yield return (_fromEarlierVersion.Contains(id) ? _earlierPayloads : _fallbackPayloads, _fallbackNotifications);
        }
    }

    private async Task ReceiveAsync(MemoryQueueClient queue)
    {
        foreach (var message in (await queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(10))).Value)
        {
            _deliveries.Add(new Delivery(queue, message.MessageId, message.PopReceipt, message.Body.ToString()));
        }
    }

    /// <summary>The next step of a delivery; the message of one that ends early is delivered again.</summary>
    private async Task ContinueAsync(Delivery delivery, bool mayFail)
    {
        var outcome = mayFail ? _random.Next(6) : 5;
        if (outcome == 0)
        {
            _deliveries.Remove(delivery);
            delivery.Queue.Release(delivery.MessageId);
        }
        else if (delivery.IsDone)
        {
            _deliveries.Remove(delivery);
            try
            {
                await delivery.Queue.DeleteMessageAsync(delivery.MessageId, delivery.PopReceipt);
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                // It was removed, or received again, since.
            }
        }
        else if (delivery.Queue == _fallbackQueue)
        {
            await MoveAsync(delivery, mayFail);
        }
        else
        {
            delivery.IsDone = true;
            if (outcome == 1)
            {
                await _notifications.PutBackPoisonAsync(delivery.Text, TimeSpan.FromMinutes(5), default);
            }
            else if (outcome == 2 && delivery.Queue == _poison)
            {
                await RecordFailedAsync(delivery.Text);
            }
            else
            {
                var id = await _projector.ProjectAsync(delivery.Text, default);
                _projected.Add(_sent.Single(one => one.Id == id));
            }
        }
    }

    /// <summary>The message of a move that is killed is delivered again.</summary>
    private async Task MoveAsync(Delivery delivery, bool mayFail)
    {
        _callsUntilMoveIsKilled = mayFail ? _random.Next(20) : null;
        try
        {
            await _mover.MoveAsync(delivery.Text, default);
            delivery.IsDone = true;
        }
        catch (KilledException)
        {
            _deliveries.Remove(delivery);
            delivery.Queue.Release(delivery.MessageId);
        }
        finally
        {
            _callsUntilMoveIsKilled = null;
        }
    }

    private Task RecordFailedAsync(string text)
    {
        var envelope = Envelope.Read(text);
        return _deadLetterTable.RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Failed,
                Id = envelope.Id,
                Reason = FailureReason.ProjectionFailed,
                Detail = "why",
                AccountId = _sent.Single(one => one.Id == envelope.Id).Account,
                Body = Encoding.UTF8.GetBytes(text),
                BodyLength = text.Length,
            },
            default);
    }

    private async Task<NotificationId> RejectAsync(string body, Guid? accountId)
    {
        var id = NextId();
        await _deadLetterTable.RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Rejected,
                Id = id,
                Reason = RejectionReason.InvalidNotification,
                Detail = "why",
                AccountId = accountId,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = body.Length,
            },
            default);
        return id;
    }

    private bool IsLong() => _random.Next(5) == 0;

    private NotificationId NextId() => Ids.At(_time.GetUtcNow(), ++_count);

    private string Body(string status, Guid account) => NotificationBody.Of(
        status, account, package: _random.Next(1, 3), apiId: ApiId(account),
        cycles: _random.Next(2) == 0 ? [new Guid(_random.Next(3), 0, 0, new byte[8])] : null,
        padding: IsLong() ? Long : null);

    private static string ApiId(Guid account) => $"api {account.ToString()[..4]}";

    /// <summary>An account can be compared before and after it is known.</summary>
    private static string[] ReconciliationPartitions(Guid account) =>
        [TableKeys.Account(account), ReconciliationKeys.UnknownAccount(ApiId(account))];

    /// <summary>Each text is parsed once: it is looked at after every storage call.</summary>
    private string? BlobOf(string? messageText)
    {
        if (messageText is null)
        {
            return null;
        }

        if (!_blobOf.TryGetValue(messageText, out var blob))
        {
            _blobOf.Add(messageText, blob = Envelope.TryRead(messageText)?.PayloadBlob);
        }

        return blob;
    }

    private sealed record Delivery(MemoryQueueClient Queue, string MessageId, string PopReceipt, string Text)
    {
        /// <summary>What is left is to delete the message.</summary>
        public bool IsDone { get; set; }
    }

    private sealed class KilledException : Exception;

    /// <summary>
    /// A clock that moves only by Advance, or when something waits for it; and by the least whenever it is read, so that what is
    /// written later has a later time.
    /// </summary>
    private sealed class InstantTime(DateTimeOffset start) : TimeProvider
    {
        private DateTimeOffset _now = start;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now = _now.AddTicks(1);

        public override long GetTimestamp() => _now.UtcTicks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Advance(dueTime);
                ThreadPool.QueueUserWorkItem(_ => callback(state));
            }

            return new Ended();
        }

        private sealed class Ended : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}

/// <summary>What the fallback storage is besides.</summary>
public enum FallbackAccount
{
    Nothing,
    PrimaryOfAnotherDeployment,

    /// <summary>The primary storage itself: the settings do not show it, because its address is another one.</summary>
    SameUnderAnotherAddress,
}

/// <summary>A command of operators that changes storage.</summary>
public enum MaintenanceCommand
{
    Erase,
    Purge,
    Redrive,
    Rebuild,
}
