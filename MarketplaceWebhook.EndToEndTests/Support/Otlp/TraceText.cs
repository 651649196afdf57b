using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace MarketplaceWebhook.EndToEndTests.Support.Otlp;

/// <summary>Traces as text, for a person: spans indented below their parents, with their times and attributes.</summary>
public static class TraceText
{
    public static string Of(IReadOnlyCollection<Span> spans)
    {
        var text = new StringBuilder();
        foreach (var trace in spans.GroupBy(span => span.TraceId))
        {
            var start = trace.Min(span => span.StartTimeUnixNano);
            text.Append(CultureInfo.InvariantCulture, $"trace {Hex(trace.Key)}\n");
            foreach (var root in trace.Where(span => trace.All(other => other.SpanId != span.ParentSpanId)))
            {
                Write(text, root, trace, start, depth: 1);
            }
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, Span span, IEnumerable<Span> trace, ulong start, int depth)
    {
        var indent = new string(' ', 2 * depth);
        text.Append(
            CultureInfo.InvariantCulture,
            $"{indent}{span.Name} [{span.Kind}] +{Milliseconds(span.StartTimeUnixNano - start)} ms, ");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Milliseconds(span.EndTimeUnixNano - span.StartTimeUnixNano)} ms, span {Hex(span.SpanId)}\n");
        foreach (var attribute in span.Attributes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}    {attribute.Key} = {Text(attribute.Value)}\n");
        }

        foreach (var child in trace.Where(other => other.ParentSpanId == span.SpanId).OrderBy(other => other.StartTimeUnixNano))
        {
            Write(text, child, trace, start, depth + 1);
        }
    }

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Milliseconds(ulong nanoseconds) => (nanoseconds / 1e6).ToString("0.0", CultureInfo.InvariantCulture);

    private static object? Text(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue,
        _ => null,
    };
}
