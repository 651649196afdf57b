using System.Text;
using Azure.Storage.Queues;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The services of the application on a storage account of the test's own, without a runtime: messages are projected by
/// hand.</summary>
public sealed class MaintenanceServices : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private MaintenanceServices(AppSettings settings, Action<IServiceCollection> replace)
    {
        ConnectionString = settings.Storage.ConnectionString!;
        var services = new ServiceCollection().AddLogging();
        replace(services);
        // Whose storage profile is that of the clients.
        _services = services.AddMaintenance(settings).AddProjecting(settings).BuildServiceProvider();
    }

    public string ConnectionString { get; }

    public StorageClients Clients => Get<StorageClients>();

    public FallbackStorage Fallback => Get<FallbackStorage>();

    /// <param name="connectionString">A storage account, which may be empty.</param>
    /// <param name="fallback">The fallback storage, if there is one.</param>
    public static MaintenanceServices On(
        string connectionString, TimeLimits? timeLimits = null, string? fallback = null, string? changeFeed = null,
        TimeProvider? time = null) =>
        new(
            new AppSettings
            {
                Storage = StorageSettings.FromConnectionString(connectionString),
                Fallback = fallback is null ? null : StorageSettings.FromConnectionString(fallback),
                ChangeFeed = changeFeed,
                TimeLimits = timeLimits ?? new TimeLimits(),
            },
            services => services.AddSingleton(time ?? TimeProvider.System));

    /// <param name="clients">Of storage in memory.</param>
    public static MaintenanceServices On(StorageClients clients, TimeProvider time, StorageClients? fallback = null) =>
        new(
            new AppSettings
            {
                Storage = StorageSettings.FromConnectionString("UseDevelopmentStorage=true"),
                Fallback = null,
                ChangeFeed = clients.ChangeFeed?.Name,
                TimeLimits = new TimeLimits(),
            },
            services =>
            {
                services.AddSingleton(time).AddSingleton(clients);
                if (fallback is not null)
                {
                    services.AddSingleton(new FallbackStorage(fallback));
                }
            });

    public static async Task<MaintenanceServices> StartAsync(
        AzuriteFixture azurite, string? changeFeed = null, TimeProvider? time = null)
    {
        var services = On(azurite.NewAccount(), changeFeed: changeFeed, time: time);
        await services.Clients.CreateMissingAsync(Cancellation);
        return services;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Receives a body as the HTTP endpoint does, and returns its message's text.</summary>
    public async Task<string> SendAsync(NotificationId id, string body, string? userAgent = null)
    {
        var accepted = Assert.IsType<ParseResult.Accepted>(NotificationReader.Read(Encoding.UTF8.GetBytes(body)));
        await Get<NotificationQueue>().SendAsync(
            new ReceivedNotification(
                id, SourceLabel.Default, null, userAgent, accepted.Notification.AccountId, Encoding.UTF8.GetBytes(body)),
            Cancellation);
        return (await ReceiveAsync(Clients.Queue))!;
    }

    /// <summary>Receives a body and projects it.</summary>
    public async Task ProjectAsync(NotificationId id, string body, string? userAgent = null) =>
        await Get<Projector>().ProjectAsync(await SendAsync(id, body, userAgent), Cancellation);

    /// <summary>Stores a dead letter.</summary>
    public Task RecordAsync(
        NotificationId id, string kind, string reason, string body, Guid? account = null, string? userAgent = null) =>
        Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = id,
                UserAgent = userAgent,
                Reason = reason,
                Detail = "the reason in words",
                AccountId = account,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = Encoding.UTF8.GetByteCount(body),
            },
            Cancellation);

    /// <summary>Dequeues the next message; null if the queue is empty.</summary>
    public static async Task<string?> ReceiveAsync(QueueClient queue)
    {
        if ((await queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value is not { } message)
        {
            return null;
        }

        await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        return message.Body.ToString();
    }

    /// <summary>Every row of Installs as text, to compare.</summary>
    public async Task<List<string>> InstallsAsync() =>
        [.. (await Get<InstallTable>().ReadRowsAsync(null, Cancellation).ToListAsync()).Select(Text)];

    public static string Text(RawRow row) => $"{row.PartitionKey}/{row.RowKey}: " + string.Join(
        ", ", row.Columns.OrderBy(c => c.Key, StringComparer.Ordinal).Select(
            c => $"{c.Key}={RawRow.Shown(c.Value)} {c.Value.GetType().Name}"));

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();
}
