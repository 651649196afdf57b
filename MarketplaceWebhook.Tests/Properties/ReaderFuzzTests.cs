using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Whatever arrives is accepted or rejected, never an exception, with memory bounded by a multiple of the body.
/// </summary>
public sealed class ReaderFuzzTests(ITestOutputHelper output)
{
    private static readonly int Bodies = RandomCases.Times(12_500);
    private static readonly int LargeBodies = RandomCases.Times(50);

    /// <summary>
    /// Of memory for a byte of the body: a list of the smallest texts or webhooks that JSON can hold costs most.
    /// </summary>
    private const int MemoryMultiple = 32;

    private const int MemoryAtLeast = 16 * 1024;

    [Fact]
    public void Any_body_is_accepted_or_rejected_within_bounded_memory()
    {
        var seed = Random.Shared.Next();
        var bodies = new BodyMutator(new Random(seed));
        NotificationReader.Read("{}"u8); // initializes statics, which are not memory of a body

        var (accepted, multiple) = (0, 0.0);
        for (var number = 0; number < Bodies; number++)
        {
            var body = number < LargeBodies ? bodies.NextLarge() : bodies.Next();
            var (reading, memory) = Read(body, seed, number);
            var allowed = (MemoryMultiple * (long)body.Length) + MemoryAtLeast;
            Assert.True(memory <= allowed, $"Seed {seed}, body {number}: {memory} bytes for {body.Length}");
            if (body.Length > MemoryAtLeast)
            {
                multiple = Math.Max(multiple, (double)memory / body.Length);
            }

            if (Holds(reading, body, seed, number))
            {
                accepted++;
            }
        }

        Assert.InRange(accepted, Bodies / 10, Bodies);
        output.WriteLine($"Seed {seed}: {Bodies} bodies, {accepted} accepted, {Bodies - accepted} rejected");
        output.WriteLine($"Memory: at most {multiple:0.0} bytes for a byte of a large body");
    }

    private static (ParseResult Reading, long Memory) Read(byte[] body, int seed, int number)
    {
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var reading = NotificationReader.Read(body);
            return (reading, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (Exception thrown)
        {
            throw Culprit(seed, number, body, thrown);
        }
    }

    /// <returns>Whether it was accepted. Then it becomes rows that a table accepts.</returns>
    private static bool Holds(ParseResult reading, byte[] body, int seed, int number)
    {
        try
        {
            return reading.Match(
                accepted =>
                {
                    AssertBecomesRows(accepted.Notification, body.AsSpan(accepted.PayloadOffset));
                    return true;
                },
                rejected =>
                {
                    Assert.Contains(rejected.Reason, new[] { RejectionReason.InvalidJson, RejectionReason.InvalidNotification });
                    Assert.NotEmpty(rejected.Errors);
                    // A response never repeats what the sender wrote.
                    Assert.All(
                        rejected.Errors.SelectMany(error => error.Value),
                        message => Assert.True(message.All(char.IsAscii) && message.Length < 100));
                    return false;
                });
        }
        catch (Exception thrown)
        {
            throw Culprit(seed, number, body, thrown);
        }
    }

    private static void AssertBecomesRows(Notification notification, ReadOnlySpan<byte> payload)
    {
        Assert.Equal(notification.Status.Trim().ToLowerInvariant(), notification.Status);
        Assert.InRange(notification.Status.Length, 1, 64);
        Assert.True(notification.PackageId >= 1);
        Assert.True((notification.Details?.Count ?? 0) <= ReportedCycle.MaxCount);

        var id = NotificationId.Create(1_790_000_000_000, 0, 0);
        var envelope = Envelope.Read(Encoding.UTF8.GetString(Envelope.Write(id, "default", null, payload).Span));
        Assert.True(payload.SequenceEqual(Encoding.UTF8.GetBytes(envelope.Payload!)));

        var change = StatusChangeReader.From(
            envelope with { Payload = null, PayloadBlob = TableKeys.PayloadBlob(id) }, notification);
        var after = Fold.Apply(new Package(notification.AccountId, notification.PackageId), change);
        var rows = new[] { change.ToEntity(), after.Install?.ToEntity(notification.AccountId) }
            .Concat(after.Cycles.Values.Select(cycle => cycle.ToEntity(notification.AccountId)));
        var texts = rows.OfType<TableEntity>().SelectMany(row => row.Select(column => column.Value)).OfType<string>();
        Assert.All(texts, text => Assert.True(text.Length <= 32 * 1024));
    }

    private static InvalidOperationException Culprit(int seed, int number, byte[] body, Exception thrown) =>
        new($"Seed {seed}, body {number}: {Convert.ToBase64String(body.AsSpan(0, Math.Min(2_000, body.Length)))}", thrown);
}
