using System.Text;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Bodies that Cyclr would never send: random ones, and good ones after some mischief. The same for the same random source.
/// </summary>
internal sealed class BodyMutator(Random random)
{
    private const string Full = """
        {"Status":"installed","AccountId":"8c6f0ae5-4f3e-4f8e-9d6b-0123456789ab","AccountApiId":"Acme",
        "MarketplaceIntegrationPackageId":1234,
        "MarketplaceInstallDetails":[{"CycleId":"00000000-0000-0000-0000-000000000001","CycleStatus":"Active",
        "Webhooks":[{"Url":"https://example.com/a","StepName":"Step"}],"TemplateId":"00000000-0000-0000-0000-000000000002"}],
        "Errors":["Failed to start cycle"],"UserId":"00000000-0000-0000-0000-000000000003","CompleteParameter":"p"}
        """;

    private static readonly byte[][] Good = [.. new[]
    {
        Full,
        """
        {"status":"STARTED","accountid":"{8C6F0AE5-4F3E-4F8E-9D6B-0123456789AB}","marketplaceintegrationpackageid":" 9223372036854775807 "}
        """,
        """
        {"Status":"x","AccountId":"00000000000000000000000000000000","MarketplaceIntegrationPackageId":1,"Tags":{"a":[1,2,{"b":null}]}}
        """,
    }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Mischief = [.. new[]
    {
        "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "1e999999", "-0", "0.1", "1E400",
        "9223372036854775808", "99999999999999999999999999",
        "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000", "\0", "\u001b[31m", "\u202e", "\uFEFF", "//", "/*", "NaN", "Infinity",
        "\"Status\":\"started\",",
        "\"STATUS\":1,", "\"\\u0053tatus\":\"installed\",", "\"AccountId\":null,", "\"Errors\":{},",
        "\"Errors\":[1,null,\"\\ud800\"],",
        "\"MarketplaceInstallDetails\":[{}],",
        "\"MarketplaceInstallDetails\":[{\"CycleId\":\"1\"},{\"CycleId\":[]}],", "\"Webhooks\":7,", "\"\\ud800\":1,",
        "[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
    }.Select(Encoding.UTF8.GetBytes), [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]];

    private static readonly string[] Names =
    [
        "AccountApiId", "userID", "CompleteParameter", "Errors", "MarketplaceInstallDetails", "Tags", "",
        "\\u0043ompleteParameter", "\\ud800",
        "CycleId", "Webhooks", "Url", "TemplateId", "CycleStatus",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "-0.0e-5", "1e999999", "123456789012345678901234567890",
        "\"\"", "\"text\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\u0000\"",
        "\"\u202E\\u001b[31m\"", "\"8c6f0ae5-4f3e-4f8e-9d6b-0123456789ab\"", "[]", "{}", "[[[[{\"a\":[]}]]]]",
    ];

    public byte[] Next()
    {
        if (random.Next(20) == 0)
        {
            return RandomBytes(random.Next(200));
        }

        if (random.Next(2) == 0)
        {
            return Encoding.UTF8.GetBytes(Strange());
        }

        var body = new List<byte>(Good[random.Next(Good.Length)]);
        for (var turn = random.Next(4); turn >= 0; turn--)
        {
            Mutate(body);
        }

        return [.. body];
    }

    /// <summary>A body near the limit of 1 MiB that is nothing but one thing over and over.</summary>
    public byte[] NextLarge()
    {
        var bytes = random.Next(100_000, 1024 * 1024);
        var (open, unit, close) = random.Next(10) switch
        {
            0 => ("", "[", ""),
            1 => ("{\"a\":", "{\"a\":", "1"),
            2 => (Before("\"Errors\":["), "\"a\",", "\"\"]}"),
            3 => (Before("\"Errors\":["), "1,", "1]}"),
            4 => (Before("\"MarketplaceInstallDetails\":["), "{},", "{}]}"),
            5 => (Before($"\"MarketplaceInstallDetails\":[{{\"CycleId\":\"{Guid.Empty}\",\"Webhooks\":["), "{},", "{}]}]}"),
            6 => (Before("\"CompleteParameter\":\""), "\\u0000", "\"}"),
            7 => (Before("\"MarketplaceIntegrationPackageId\":"), "9", "}"),
            8 => (Before("\"AccountApiId\":\""), "\\ud83d\\ude00", "\\ud83d\"}"),
            _ => (Before(""), "\"x\":1,", "\"x\":1}"),
        };
        return Encoding.UTF8.GetBytes(open + string.Concat(Enumerable.Repeat(unit, bytes / unit.Length)) + close);

        static string Before(string last) =>
            "{\"Status\":\"installed\",\"AccountId\":\"00000000-0000-0000-0000-000000000000\","
            + (last.Contains("PackageId", StringComparison.Ordinal) ? "" : "\"MarketplaceIntegrationPackageId\":1,") + last;
    }

    /// <summary>JSON, mostly with what is required; the rest is anything anywhere.</summary>
    private string Strange()
    {
        List<string> members =
        [
            random.Next(20) == 0
                ? "\"Status\":" + Value(2) : "\"Status\":\"" + (random.Next(2) == 0 ? "installed" : " Odd ü ") + "\"",
            random.Next(20) == 0 ? "\"accountId\":" + Value(2) : "\"ACCOUNTID\":\"8c6f0ae54f3e4f8e9d6b0123456789ab\"",
            "\"MarketplaceIntegrationPackageId\":" + (random.Next(20) == 0 ? Value(2) : "\" 12 \""),
            .. Enumerable.Range(0, random.Next(6)).Select(_ => Member(3)),
        ];
        return (random.Next(5) == 0 ? "\uFEFF" : "") + "{" + string.Join(", ", members.OrderBy(_ => random.Next())) + "}";
    }

    private string Member(int depth) => $"\"{Names[random.Next(Names.Length)]}\":{Value(depth)}";

    private string Value(int depth) => depth == 0 || random.Next(2) == 0
        ? Values[random.Next(Values.Length)]
        : random.Next(2) == 0
            ? "[" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth - 1))) + "]"
            : "{" + string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => Member(depth - 1))) + "}";

    private void Mutate(List<byte> body)
    {
        var at = random.Next(body.Count + 1);
        var length = Math.Min(random.Next(1, 12), body.Count - at);
        switch (random.Next(6))
        {
            case 0 when at < body.Count:
                body[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                body.RemoveRange(at, length);
                break;
            case 2:
                body.InsertRange(at, body.GetRange(at, length));
                break;
            case 3:
                body.InsertRange(at, RandomBytes(random.Next(1, 5)));
                break;
            case 4:
                body.RemoveRange(at, body.Count - at);
                break;
            default:
                // Where a value or a name begins: most mischief needs a place that is read.
                var places = Enumerable.Range(0, body.Count).Where(index => "\"{:["u8.Contains(body[index])).ToList();
                var place = places.Count == 0 ? at : places[random.Next(places.Count)] + random.Next(2);
                body.InsertRange(place, Mischief[random.Next(Mischief.Length)]);
                break;
        }
    }

    private byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
