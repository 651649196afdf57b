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

    private byte[] _body = [];
    private string _message = "";
    private StatusChange _change = null!;
    private Package _before = null!;
    private Package _after = null!;

    [Params("installed", "uninstalled", "started", "stopped", "1 KiB", "1 cycle", "10 cycles", "100 cycles", "1000 cycles")]
    public string Body { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _body = Body.Split(' ') switch
        {
            ["1", "KiB"] => Bodies.InstalledOf(1024, AccountId),
            [var cycles, _] => Bodies.Installed(AccountId, cycles: int.Parse(cycles, null)),
            [var documented] => Bodies.Documented(documented),
            _ => throw new InvalidOperationException(Body),
        };
        _message = System.Text.Encoding.UTF8.GetString(Envelope.Write(Later, SourceLabel.Default, null, _body).Span);
        _change = Change(Later);
        // The package after the same notification, half a second earlier: every row changes.
        _before = Fold.Apply(new Package(_change.AccountId, _change.PackageId), Change(Earlier));
        _after = Fold.Apply(_before, _change);
    }

    /// <summary>What receiving computes: parse, validate, write the envelope.</summary>
    [Benchmark]
    public ReadOnlyMemory<byte> Receive() => NotificationReader.Read(_body) is ParseResult.Accepted
        ? Envelope.Write(Later, SourceLabel.Default, null, _body)
        : throw new InvalidOperationException("The body is not a valid notification.");

    [Benchmark]
    public ParseResult Read() => NotificationReader.Read(_body);

    [Benchmark]
    public ReadOnlyMemory<byte> WriteEnvelope() => Envelope.Write(Later, SourceLabel.Default, null, _body);

    [Benchmark]
    public Envelope ReadEnvelope() => Envelope.Read(_message);

    [Benchmark]
    public Package FoldOne() => Fold.Apply(_before, _change);

    /// <summary>The row of the log and all rows of the package.</summary>
    [Benchmark]
    public int MapRows() => _change.ToEntity().Count + _after.Install!.ToEntity(
        AccountId).Count + _after.Cycles.Values.Sum(c => c.ToEntity(AccountId).Count);

    private StatusChange Change(NotificationId id) => NotificationReader.Read(_body) is ParseResult.Accepted accepted
        ? StatusChangeReader.From(new Envelope(id, SourceLabel.Default, null, "", null), accepted.Notification)
        : throw new InvalidOperationException("The body is not a valid notification.");
}
