using Azure.Storage.Queues;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Notifications a second, from the call to the 202, and messages a second that the bare SDK puts on a queue from this process.</summary>
internal static class AcceptingOnAzurite
{
    public const string Section = "Accepting, on Azurite";
    private const string BareSdk = "bare Azure SDK";

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Workbench bench, CancellationToken cancellationToken)
    {
        await using var azurite = await bench.StartAzuriteAsync(cancellationToken);
        var storage = azurite.NewAccount();
        var body = Bodies.Documented("installed");
        var message = Envelope.Write(Notifications.NotificationId.Create(1_790_000_000_000, 0, 1), "default", null, body);
        var queue = new QueueClient(storage, "bare", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queue.CreateAsync(cancellationToken: cancellationToken);
        await using var app = await ServerProcess.StartAsync(bench.Programs.Native, storage, cancellationToken);

        Task Accept(int _) => app.PostAsync(HostInvocation.ReceivePath, body, cancellationToken);
        Task Send(int _) => queue.SendMessageAsync(new BinaryData(message), timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: cancellationToken);
        await Load.CallsAsync(bench.Options.Scaled(1_000), 32, Accept);
        await Load.CallsAsync(bench.Options.Scaled(1_000), 32, Send);

        var figures = new List<Figure>();
        foreach (var callers in (int[])[1, 8, 32])
        {
            bench.Options.Report($"{Section}: {callers} callers ...");
            var duration = TimeSpan.FromSeconds(1.5 * bench.Options.Scale);
            var rounds = await bench.AlternateAsync(() => Load.ForAsync(duration, callers, Accept), () => Load.ForAsync(duration, callers, Send));
            var name = callers == 1 ? "1 caller" : $"{callers} callers";
            figures.Add(Figure.Of(Section, $"accepted, {name}", "1/s", BareSdk, rounds, r => r.PerSecond) with { Target = callers == 32 ? Target.AtLeast(0.95) : null });
            figures.Add(Figure.Of(Section, $"p50, {name}", "ms", BareSdk, rounds, r => r.P50));
            figures.Add(Figure.Of(Section, $"p99, {name}", "ms", BareSdk, rounds, r => r.P99));
        }

        return figures;
    }
}
