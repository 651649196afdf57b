using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MarketplaceWebhook.Benchmarks;

/// <summary>The request bodies: the documented ones, and larger ones.</summary>
internal static class Bodies
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 4 };

    public static byte[] Documented(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Bodies/{name}.json")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The documented *installed* for an account, with a number of different cycles.</summary>
    public static byte[] Installed(Guid accountId, long packageId = 1234, int cycles = 1)
    {
        var body = JsonNode.Parse(Documented("installed"))!.AsObject();
        body["AccountId"] = accountId;
        body["MarketplaceIntegrationPackageId"] = packageId;
        var documented = body["MarketplaceInstallDetails"]![0]!;
        body["MarketplaceInstallDetails"] = new JsonArray([.. Enumerable.Range(0, cycles).Select(n => Cycle(documented, n))]);
        return JsonSerializer.SerializeToUtf8Bytes(body, Indented);
    }

    /// <summary>
    /// The documented *installed* for an account, with exactly this length: CompleteParameter is as long as necessary.
    /// </summary>
    public static byte[] InstalledOf(int bytes, Guid accountId)
    {
        var body = JsonNode.Parse(Documented("installed"))!.AsObject();
        body["AccountId"] = accountId;
        body["CompleteParameter"] = "";
        var missing = bytes - JsonSerializer.SerializeToUtf8Bytes(body, Indented).Length;
        body["CompleteParameter"] = new string('x', missing);
        return JsonSerializer.SerializeToUtf8Bytes(body, Indented);
    }

    private static JsonNode Cycle(JsonNode documented, int number)
    {
        var cycle = documented.DeepClone();
        cycle["CycleId"] = new Guid(number, 0, 0, new byte[8]);
        return cycle;
    }
}
