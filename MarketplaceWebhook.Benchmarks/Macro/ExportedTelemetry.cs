using System.Collections.Concurrent;
using Google.Protobuf;

namespace MarketplaceWebhook.Benchmarks.Macro;

/// <summary>Counts what is sent to an OTLP endpoint as http/protobuf.</summary>
internal sealed class ExportedTelemetry
{
    private readonly ConcurrentDictionary<string, Amount> _amounts = new(StringComparer.Ordinal);

    /// <param name="Bytes">Of the request bodies.</param>
    /// <param name="Items">Spans, log records, or metrics.</param>
    public sealed record Amount(long Bytes, int Items)
    {
        public static Amount operator +(Amount one, Amount other) => new(one.Bytes + other.Bytes, one.Items + other.Items);

        public static Amount operator -(Amount one, Amount other) => new(one.Bytes - other.Bytes, one.Items - other.Items);
    }

    public Amount Traces => _amounts.GetValueOrDefault("traces", new Amount(0, 0));

    public Amount Logs => _amounts.GetValueOrDefault("logs", new Amount(0, 0));

    public Amount Metrics => _amounts.GetValueOrDefault("metrics", new Amount(0, 0));

    public int MetricsRequests { get; private set; }

    /// <param name="signal">traces, logs or metrics.</param>
    public void Add(string signal, ReadOnlySpan<byte> body)
    {
        var amount = new Amount(body.Length, CountItems(body.ToArray()));
        if (signal == "metrics")
        {
            // One request at a time.
            MetricsRequests++;
        }

        _amounts.AddOrUpdate(signal, amount, (_, before) => before + amount);
    }

    /// <summary>In each of the three messages, the items have the same place: resource (1), scope (2), item (2).</summary>
    private static int CountItems(byte[] body)
    {
        ReadOnlySpan<int> path = [1, 2, 2];
        List<byte[]> messages = [body];
        foreach (var number in path)
        {
            messages = [.. messages.SelectMany(message => FieldsOf(message, number))];
        }

        return messages.Count;
    }

    private static List<byte[]> FieldsOf(byte[] message, int number)
    {
        var fields = new List<byte[]>();
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number
                && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                fields.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return fields;
    }
}
