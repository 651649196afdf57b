using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// What is expected as a JSON file. With APPROVE=1 in the environment the actual value is written to the file instead.
/// </summary>
internal static class Golden
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    public static void AssertIs(string file, JsonNode actual)
    {
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            var copied = Path.GetRelativePath(AppContext.BaseDirectory, file);
            var source = Repository.PathOf($"MarketplaceWebhook.Tests/{copied}");
            Directory.CreateDirectory(Path.GetDirectoryName(source)!);
            File.WriteAllText(source, actual.ToJsonString(Json) + "\n");
            return;
        }

        var expected = JsonNode.Parse(File.ReadAllText(file))!;
        if (!JsonNode.DeepEquals(expected, actual))
        {
            Assert.Fail($"Expected by {file}:\n{expected.ToJsonString(Json)}\nActual:\n{actual.ToJsonString(Json)}");
        }
    }
}
