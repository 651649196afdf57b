using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// What is expected as a JSON file. A difference shows both sides whole, the actual one fit to be put into the file.
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
        var expected = JsonNode.Parse(File.ReadAllText(file))!;
        if (!JsonNode.DeepEquals(expected, actual))
        {
            Assert.Fail($"Expected by {file}:\n{expected.ToJsonString(Json)}\nActual:\n{actual.ToJsonString(Json)}");
        }
    }
}
