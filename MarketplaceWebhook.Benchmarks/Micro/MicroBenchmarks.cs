using BenchmarkDotNet.Attributes;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Benchmarks.Micro;

/// <summary>What the application computes for one notification, without network or storage.</summary>
[MemoryDiagnoser]
public class MicroBenchmarks
{
    private static readonly Guid AccountId = new("5f3c0d0e-8a55-4f3a-9d9e-0d6f5c3b1a2e");
    private static readonly NotificationId Earlier = NotificationId.Create(1_790_000_000_000, 0, 1);
    private static readonly NotificationId Later = NotificationId.Create(1_790_000_000_500, 0, 2);

    private byte[] body = [];
    private string message = "";
    private StatusChange change = null!;
    private Package before = null!;
    private Package after = null!;

    [Params("installed", "uninstalled", "started", "stopped", "1 KiB", "1 cycle", "10 cycles", "100 cycles", "1000 cycles")]
    public string Body { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        body = Body.Split(' ') switch
        {
            ["1", "KiB"] => Bodies.InstalledOf(1024, AccountId),
            [var cycles, _] => Bodies.Installed(AccountId, cycles: int.Parse(cycles, null)),
            [var documented] => Bodies.Documented(documented),
            _ => throw new InvalidOperationException(Body),
        };
        message = System.Text.Encoding.UTF8.GetString(Envelope.Write(Later, SourceLabel.Default, null, body).Span);
        change = Change(Later);
        // The package as it stands after the same notification, half a second before: every row changes.
        before = Fold.Apply(new Package(change.AccountId, change.PackageId), Change(Earlier));
        after = Fold.Apply(before, change);
    }

    /// <summary>At the door: read, validate, put into an envelope.</summary>
    [Benchmark]
    public ReadOnlyMemory<byte> Receive() => NotificationReader.Read(body) is ParseResult.Accepted
        ? Envelope.Write(Later, SourceLabel.Default, null, body)
        : throw new InvalidOperationException("A body that is measured is a notification.");

    [Benchmark]
    public ParseResult Read() => NotificationReader.Read(body);

    [Benchmark]
    public ReadOnlyMemory<byte> WriteEnvelope() => Envelope.Write(Later, SourceLabel.Default, null, body);

    [Benchmark]
    public Envelope ReadEnvelope() => Envelope.Read(message);

    [Benchmark]
    public Package FoldOne() => Fold.Apply(before, change);

    /// <summary>The row of the log and all rows of the package.</summary>
    [Benchmark]
    public int MapRows() => change.ToEntity().Count + after.Install!.ToEntity(AccountId).Count + after.Cycles.Values.Sum(c => c.ToEntity(AccountId).Count);

    private StatusChange Change(NotificationId id) => NotificationReader.Read(body) is ParseResult.Accepted accepted
        ? StatusChangeReader.From(new Envelope(id, SourceLabel.Default, null, "", null), accepted.Notification)
        : throw new InvalidOperationException("A body that is measured is a notification.");
}
