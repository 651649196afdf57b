namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>What the app exports for a notification, accepted and projected, as OTLP without compression.</summary>
internal static class TelemetryExports
{
    public const string Section = "Exported telemetry";

    // Longer than the app's flush interval, so that each notification is exported in requests of its own.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(BenchmarkRun bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section} ...");
        await using var storage = await StorageStandIn.StartAsync(cancellationToken);
        storage.StoresMessages = true;
        await using var app = await HostedApp.StartAsync(
            bench.Programs.Isolated, storage.ConnectionString,
            new Dictionary<string, string?>(HostedApp.WithShortPolling.Concat(storage.TelemetrySettings)), cancellationToken);
        var body = Bodies.Documented("installed");
        await ExportAsync(1);

        var exported = storage.Exported;
        var (traces, logs) = (exported.Traces, exported.Logs);
        var batch = bench.Options.Scaled(500);
        await ExportAsync(batch);
        var (tracesOfBatch, logsOfBatch) = (exported.Traces - traces, exported.Logs - logs);

        const int Alone = 5;
        (traces, logs) = (exported.Traces, exported.Logs);
        for (var n = 0; n < Alone; n++)
        {
            await ExportAsync(1);
        }

        var (tracesAlone, logsAlone) = (exported.Traces - traces, exported.Logs - logs);
        return
        [
            Of("bytes per notification", "B", (tracesOfBatch + logsOfBatch).Bytes / (double)batch) with
            {
                Target = Target.AtMost(4_096, Compared.Value),
            },
            Of("of these in traces", "B", tracesOfBatch.Bytes / (double)batch),
            Of("of these in logs", "B", logsOfBatch.Bytes / (double)batch),
            Of("spans per notification", "", tracesOfBatch.Items / (double)batch),
            Of("log records per notification", "", logsOfBatch.Items / (double)batch),
            Of("bytes per notification, one every 4 s", "B", (tracesAlone + logsAlone).Bytes / (double)Alone),
            Of("bytes per export of metrics", "B", exported.MetricsRequests == 0
                ? 0 : exported.Metrics.Bytes / (double)exported.MetricsRequests),
        ];

        async Task ExportAsync(int count)
        {
            await Load.CallsAsync(count, 8, _ => app.PostAsync(body, cancellationToken));
            await app.WaitForProjectionsAsync(count, cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static Figure Of(string name, string unit, double value) =>
        new() { Section = Section, Name = name, Unit = unit, Value = value };
}
