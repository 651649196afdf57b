using Azure.Storage.Queues;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>A queue drained into tables, with the Functions host's part played from this process: read, hand over, delete.</summary>
internal static class Draining
{
    public const string Section = "Projecting";
    // Azurite looks through all rows of a table in every query: one drain of 2,000 messages measures little else.
    private const int MessagesOfARound = 400;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(Workbench bench, CancellationToken cancellationToken)
    {
        bench.Options.Report($"{Section}: draining {bench.Options.Scaled(MessagesOfARound)} messages ...");
        await using var azurite = await bench.StartAzuriteAsync(cancellationToken);
        var rounds = await bench.AlternateAsync(() => DrainByAppAsync(bench, azurite.NewAccount(), cancellationToken), () => DrainBySdkAsync(bench, azurite.NewAccount(), cancellationToken));
        var drained = Figure.Of(Section, $"projections, draining {bench.Options.Rounds * bench.Options.Scaled(MessagesOfARound):N0} messages in {bench.Options.Rounds} rounds", "1/s", "bare Azure SDK", rounds, r => r.PerSecond);

        return [drained];
    }

    private static async Task<Load.Result> DrainByAppAsync(Workbench bench, string storage, CancellationToken cancellationToken)
    {
        await using var app = await ServerProcess.StartAsync(bench.Programs.Native, storage, cancellationToken);
        var queue = await FillAsync(storage, Work(bench), cancellationToken);
        return await Drain.RunAsync(queue, text => app.PostAsync(HostInvocation.ProjectPath, HostInvocation.Write(text), cancellationToken), cancellationToken);
    }

    private static async Task<Load.Result> DrainBySdkAsync(Workbench bench, string storage, CancellationToken cancellationToken)
    {
        var sdk = await BareProjection.OnAsync(storage, cancellationToken);
        var work = Work(bench);
        var rows = work.ToDictionary(text => text, BareProjection.RowsOf);
        var queue = await FillAsync(storage, work, cancellationToken);
        return await Drain.RunAsync(queue, text => sdk.ProjectAsync(rows[text].Change, rows[text].Package, cancellationToken), cancellationToken);
    }

    /// <summary>Each its own account: *installed* with one cycle.</summary>
    private static List<string> Work(Workbench bench) =>
        [.. Enumerable.Range(0, bench.Options.Scaled(MessagesOfARound)).Select(n => Messaging.Text(n, Bodies.Installed(Guid.NewGuid())))];

    private static async Task<QueueClient> FillAsync(string storage, List<string> messages, CancellationToken cancellationToken)
    {
        var queue = new QueueClient(storage, "work", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await Load.CallsAsync(messages.Count, 16, n => queue.SendMessageAsync(messages[n], cancellationToken));
        return queue;
    }

    /// <summary>Every answer of the storage stand-in takes as long: the time of a projection is then a number of round trips.</summary>
    public static async Task<IReadOnlyList<Figure>> CountCallsAsync(Workbench bench, CancellationToken cancellationToken)
    {
        await using var app = await ServerProcess.StartAsync(bench.Programs.Native, bench.StandIn.ConnectionString, cancellationToken);
        var calls = new List<double>();
        var trips = new List<double>();
        for (var n = 0; n < 20; n++)
        {
            var invocation = HostInvocation.Write(Messaging.Text(n, Bodies.Installed(Guid.NewGuid())));
            bench.StandIn.Delay = TimeSpan.FromMilliseconds(50);
            bench.StandIn.TakeCalls();
            await app.PostAsync(HostInvocation.ProjectPath, invocation, cancellationToken);
            bench.StandIn.Delay = TimeSpan.Zero;
            var made = bench.StandIn.TakeCalls();
            calls.Add(made.Count);
            trips.Add(LongestChain(made));
        }

        return
        [
            new Figure { Section = Section, Name = "storage calls per notification", Unit = "", Value = Statistics.Median(calls), Target = Target.AtMost(3, Compared.Value) },
            new Figure { Section = Section, Name = "of these one after the other", Unit = "", Value = Statistics.Median(trips), Target = Target.AtMost(2, Compared.Value) },
        ];
    }

    /// <summary>How many of the calls began only when another had ended.</summary>
    private static int LongestChain(IReadOnlyList<StorageStandIn.Call> calls)
    {
        var length = new Dictionary<StorageStandIn.Call, int>();
        foreach (var call in calls.OrderBy(c => c.Ended))
        {
            length[call] = 1 + length.Where(earlier => earlier.Key.Ended <= call.Begun).Select(earlier => earlier.Value).DefaultIfEmpty(0).Max();
        }

        return length.Values.DefaultIfEmpty(0).Max();
    }
}
