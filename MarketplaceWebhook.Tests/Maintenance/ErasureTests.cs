using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class ErasureTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Other = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly TimeSpan NoWait = TimeSpan.Zero;
    private static readonly string Long = new('x', 40_000);

    [Fact]
    public async Task Erasure_removes_everything_of_the_account_and_nothing_of_others()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(services, Other, 10);
        var others = await EverythingAsync(services);
        await FillAsync(services, Account, 0);

        var erased = await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation);

        Assert.Equal(others, await EverythingAsync(services));
        Assert.Equivalent(
            new
            {
                Accounts = 1,
                Installs = 3,
                Notifications = 3,
                DeadLetters = 6,
                Reconciliations = 2,
                Blobs = 3,
                Messages = 2,
                QueuedMessages = 0,
            },
            erased);
    }

    [Fact]
    public async Task Dry_run_changes_nothing_and_counts_what_would_be_removed()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(services, Account, 0);
        var before = await EverythingAsync(services);

        var counted = await services.Get<Erasure>().CountAsync(Account, Cancellation);

        Assert.Equal(before, await EverythingAsync(services));
        Assert.Equivalent(
            new
            {
                Accounts = 1,
                Installs = 3,
                Notifications = 3,
                DeadLetters = 6,
                Reconciliations = 2,
                Blobs = 3,
                QueuedMessages = 2,
            },
            counted);
    }

    [Fact]
    public async Task Erasure_waits_for_a_message_in_the_queue_and_removes_what_it_becomes()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(services, Account, 0);
        var text = await services.SendAsync(Ids.Minute(50), NotificationBody.Of("stopped", Account, padding: Long));
        await services.Get<NotificationQueue>().ResendAsync(text, Cancellation);

        var erasure = services.Get<Erasure>().RunAsync(Account, TimeSpan.FromMinutes(1), Cancellation);
        await Wait.ForAsync("the account to be removed", services.InstallsAsync, rows => rows.Count == 0, Cancellation);
        Assert.False(erasure.IsCompleted);
        await services.Get<Projector>().ProjectAsync(
            (await MaintenanceServices.ReceiveAsync(services.Clients.Queue))!, Cancellation);

        Assert.Equal(0, (await erasure).QueuedMessages);
        Assert.Empty(await EverythingAsync(services));
    }

    [Fact]
    public async Task Message_that_is_not_processed_is_reported()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Get<NotificationQueue>().ResendAsync(
            await services.SendAsync(Ids.Minute(1), NotificationBody.Of("stopped", Account)), Cancellation);
        await services.Get<NotificationQueue>().ResendAsync(
            await services.SendAsync(Ids.Minute(2), NotificationBody.Of("stopped", Other)), Cancellation);

        Assert.Equal(1, (await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation)).QueuedMessages);
    }

    [Fact]
    public async Task Message_in_processing_cannot_be_inspected_and_is_reported()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Get<NotificationQueue>().ResendAsync("{}", Cancellation);
        await services.Clients.Queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Cancellation);

        Assert.Equal(1, (await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation)).UnseenMessages);
    }

    [Fact]
    public async Task Body_of_a_message_that_is_being_processed_stays()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        var text = await services.SendAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, padding: Long));
        await services.Get<Projector>().ProjectAsync(text, Cancellation);
        await services.Get<NotificationQueue>().ResendAsync(text, Cancellation);
        await services.Clients.Queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Cancellation);

        var erased = await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation);

        Assert.Equal((1, 1, 0, 1), (erased.Installs, erased.Notifications, erased.Blobs, erased.UnseenMessages));
        Assert.Single(await services.Get<PayloadBlobs>().ReadAsync(Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Erasure_cut_off_after_any_removal_of_rows_is_completed_by_the_next_one()
    {
        var storage = azurite.NewAccount();
        await using var proxy = await FaultProxy.StartAsync(storage, Cancellation);
        await using var services = MaintenanceServices.On(storage, time: new InstantTime(DateTimeOffset.UtcNow));
        await services.Clients.CreateMissingAsync(Cancellation);
        await FillAsync(services, Account, 0);

        for (var cutOff = 1; ; cutOff++)
        {
            using var killed = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var calls = 0;
            proxy.After = async (call, _) =>
            {
                if (call.Operation != "Entity Group Transaction" || Interlocked.Increment(ref calls) != cutOff)
                {
                    return null;
                }

                await killed.CancelAsync();
                return Fault.BrokenConnection;
            };
            await using var cut = MaintenanceServices.On(proxy.ConnectionString);
            try
            {
                await cut.Get<Erasure>().RunAsync(Account, NoWait, killed.Token);
                break;
            }
            catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
            {
            }
        }

        await services.Get<Erasure>().RunAsync(Account, TimeSpan.FromMinutes(1), Cancellation);
        Assert.Empty(await EverythingAsync(services));
    }

    [Fact]
    public async Task Erasure_does_not_use_up_the_deliveries_of_poison_messages_of_other_accounts()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.Clients.PoisonQueue.SendMessageAsync($"of {Other}", Cancellation);
        await services.Clients.RawPoisonQueue.SendMessageAsync($"of {Account}", Cancellation);

        Assert.Equal(1, (await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation)).Messages);

        var other = Assert.Single(
            (await services.Clients.PoisonQueue.ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value);
        Assert.Equal((1, $"of {Other}"), (other.DequeueCount, other.Body.ToString()));
        Assert.True(other.ExpiresOn > DateTimeOffset.UtcNow.AddYears(100));
    }

    [Fact]
    public async Task Soft_delete_is_read_in_days()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        Assert.Equal(TimeSpan.Zero, await services.Get<PayloadBlobs>().GetSoftDeleteAsync(Cancellation));

        var service = new BlobServiceClient(services.ConnectionString);
        BlobServiceProperties properties = await service.GetPropertiesAsync(Cancellation);
        properties.DeleteRetentionPolicy = new BlobRetentionPolicy { Enabled = true, Days = 14 };
        await service.SetPropertiesAsync(properties, Cancellation);

        Assert.Equal(TimeSpan.FromDays(14), await services.Get<PayloadBlobs>().GetSoftDeleteAsync(Cancellation));
    }

    [Fact]
    public async Task Storage_without_the_tables_Reconciliations_and_Accounts_is_erased()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await FillAsync(services, Account, 0);
        await services.Clients.Reconciliations.DeleteAsync(Cancellation);
        await services.Clients.Accounts.DeleteAsync(Cancellation);

        var erased = await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation);

        Assert.Equal(
            (3, 3, 0, 0), (erased.Installs, erased.Notifications, erased.Reconciliations, erased.Accounts));
    }

    /// <summary>No row but that of the index names it after a purge.</summary>
    [Fact]
    public async Task Former_AccountApiId_is_erased_and_so_is_a_dead_letter_that_has_only_that()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "former"));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Account, apiId: "present"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("installed", Other, apiId: "former"));
        await services.Get<Purge>().RunAsync(Ids.At(86_400).ReceivedAt, dryRun: false, TimeSpan.Zero, Cancellation);
        Assert.DoesNotContain(
            await services.Get<StatusChangeLog>().ReadAsync(Account.ToString(), Cancellation).ToListAsync(Cancellation),
            row => row.Text(Columns.AccountApiId) == "former");
        Assert.Equal(
            ["former", "present"],
            (await services.Get<AccountTable>().ReadAccountAsync(Account.ToString(), Cancellation).ToListAsync(Cancellation))
                .Select(row => row.PartitionKey));
        var body = Encoding.UTF8.GetBytes("""{"AccountApiId":"former"}""");
        var deadLetter = new DeadLetter
        {
            Kind = DeadLetter.Rejected,
            Id = Ids.Minute(9),
            Reason = "invalid-notification",
            Detail = "why",
            Body = body,
            BodyLength = body.Length,
        };
        await services.Get<DeadLetterTable>().RecordAsync(deadLetter, Cancellation);

        var erased = await services.Get<Erasure>().RunAsync(Account, NoWait, Cancellation);

        Assert.Equal((2, 1), (erased.Accounts, erased.DeadLetters));
        var left = Assert.Single(await services.Get<AccountTable>().ReadAsync(Cancellation).ToListAsync(Cancellation));
        Assert.Equal(("former", Other.ToString()), (left.PartitionKey, left.RowKey));
    }

    /// <summary>3 rows, 1 row of the index, 3 notifications, 6 dead letters, 2 differences, 3 blobs, 2 poison messages.</summary>
    private static async Task FillAsync(MaintenanceServices services, Guid account, int minute)
    {
        var apiId = $"api of {account.ToString()[..8]}";
        await services.ProjectAsync(
            Ids.Minute(minute), NotificationBody.Of("installed", account, apiId: apiId, cycles: [Guid.NewGuid()], padding: Long));
        await services.ProjectAsync(Ids.Minute(minute + 1), NotificationBody.Of("stopped", account, package: 2));
        await services.ProjectAsync(Ids.Minute(minute + 2), NotificationBody.Of(NotificationBody.Unknown, account));

        var failed = await services.SendAsync(Ids.Minute(minute + 3), NotificationBody.Of("started", account, padding: Long));
        await RecordAsync(DeadLetter.Failed, 3, failed, account);
        await RecordAsync(DeadLetter.Rejected, 4, $"no JSON, but {account:N}", null);
        await RecordAsync(DeadLetter.Rejected, 5, $"{Long} {account}", null);
        await RecordAsync(DeadLetter.Rejected, 6, $$"""{"AccountApiId":"{{apiId}}"}""", null);
        await RecordAsync(DeadLetter.Rejected, 7, "", account);
        await RecordAsync(DeadLetter.Rejected, 9, $$"""{"AccountApiId":"{{apiId}}","cut":"of""", null);

        await services.Clients.PoisonQueue.SendMessageAsync(
            await services.SendAsync(Ids.Minute(minute + 8), NotificationBody.Of("started", account)), Cancellation);
        await services.Clients.RawPoisonQueue.SendMessageAsync($"raw {account}", Cancellation);

        foreach (var partition in (string[])[TableKeys.Account(account), ReconciliationKeys.UnknownAccount(apiId)])
        {
            await services.Get<ReconciliationTable>().ReplaceAsync(
                partition, apiId, [new() { Kind = DifferenceKind.NotAccessible, Detail = "why" }], Ids.Start, Cancellation);
        }

        Task RecordAsync(string kind, int offset, string body, Guid? named) => services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = Ids.Minute(minute + offset),
                Reason = FailureReason.ProjectionFailed,
                Detail = "why",
                AccountId = named,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = body.Length,
            },
            Cancellation);
    }

    private static async Task<List<string>> EverythingAsync(MaintenanceServices services)
    {
        var everything = await services.InstallsAsync();
        everything.AddRange(
            await services.Get<StatusChangeLog>().ReadAsync(null, Cancellation)
                .Select(MaintenanceServices.Text).ToListAsync(Cancellation));
        everything.AddRange(
            await services.Get<DeadLetterTable>()
                .ReadAsync(null, null, Cancellation)
                    .Select(deadLetter => MaintenanceServices.Text(deadLetter.Row)).ToListAsync(Cancellation));
        everything.AddRange(
            await services.Get<AccountTable>().ReadAsync(Cancellation)
                .Select(MaintenanceServices.Text).ToListAsync(Cancellation));
        everything.AddRange(
            (await Rows.ListAsync(services.Clients.Reconciliations, Cancellation))
                .Select(row => MaintenanceServices.Text(RawRow.From(row))));
        everything.AddRange(
            await services.Get<PayloadBlobs>().ReadAsync(Cancellation).Select(blob => blob.Name).ToListAsync(Cancellation));
        foreach (var queue in await services.Get<QueueInspector>().PeekAsync(Cancellation))
        {
            Assert.Equal(0, queue.Unseen);
            everything.AddRange(queue.Seen.Select(message => message.Text).Order(StringComparer.Ordinal));
        }

        return everything;
    }
}
