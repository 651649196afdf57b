using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>A function app in a folder of its own, whose handler does what a test sets.</summary>
public sealed class FakeApp : LocalApp
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly JsonObject _settings = new()
    {
        ["version"] = "2.0",
        ["customHandler"] = new JsonObject
        {
            ["description"] = new JsonObject
            {
                ["defaultExecutablePath"] = "node",
                ["arguments"] = new JsonArray(Path.Combine(AppContext.BaseDirectory, "LocalHost", "Fakes", "handler.cjs")),
            },
            ["enableForwardingHttpRequest"] = true,
            ["enableProxyingHttpRequest"] = true,
        },
        ["extensions"] = new JsonObject { ["queues"] = new JsonObject { ["maxPollingInterval"] = "00:00:00.2" } },
    };

    public FakeApp()
        : base("fake-app-")
    {
        Respond(200, "{}");
        Save("host.json", _settings);
    }

    protected override string AppDirectory => Folder;

    internal IReadOnlyList<SeenRequest> Requests => File.Exists(PathOf("seen.jsonl"))
        ? [.. ReadShared("seen.jsonl").Split(
            '\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<SeenRequest>(line, Json)!)]
        : [];

    public FakeApp WithHttp(string name, string route, string method = "post", string authLevel = "function")
    {
        Directory.CreateDirectory(PathOf(name));
        Save($"{name}/function.json", JsonNode.Parse($$"""
            {"bindings":[
              {"type":"httpTrigger","direction":"in","name":"request","authLevel":"{{authLevel}}","methods":["{{method}}"],"route":"{{route}}"},
              {"type":"http","direction":"out","name":"response"}]}
            """)!);
        return this;
    }

    public FakeApp WithQueue(
        string name, string queueName, string bindingName = "item", string connection = "AzureWebJobsStorage")
    {
        Directory.CreateDirectory(PathOf(name));
        Save($"{name}/function.json", JsonNode.Parse($$"""
            {"bindings":[{"type":"queueTrigger","direction":"in","name":"{{bindingName}}","queueName":"{{queueName}}","connection":"{{connection}}"}]}
            """)!);
        return this;
    }

    public FakeApp With(Action<JsonObject> change)
    {
        change(_settings);
        Save("host.json", _settings);
        return this;
    }

    public FakeApp Respond(
        int status, string body, string? contentType = "application/json", params (string Name, string Value)[] headers)
    {
        var all = new JsonObject(headers.Select(header => KeyValuePair.Create(header.Name, (JsonNode?)header.Value)));
        if (contentType is not null)
        {
            all["Content-Type"] = contentType;
        }

        return Respond(new JsonObject { ["status"] = status, ["body"] = body, ["headers"] = all });
    }

    /// <summary>See handler.cjs.</summary>
    public FakeApp Respond(JsonObject response)
    {
        Save("response.json", response);
        return this;
    }

    /// <summary>Responses wait until <see cref="LocalApp.Release"/>.</summary>
    public FakeApp Hold() => Respond(new JsonObject
    {
        ["hold"] = true,
        ["status"] = 200,
        ["body"] = "{}",
        ["headers"] = new JsonObject { ["Content-Type"] = "application/json" },
    });

    public void Unmark(string fileName) => File.Delete(PathOf(fileName));

    public JsonNode Started() => JsonNode.Parse(File.ReadAllText(PathOf("started.json")))!;

    internal Task<IReadOnlyList<SeenRequest>> RequestsAsync(int count) =>
        Wait.ForAsync(
            $"{count} requests", () =>
                Task.FromResult(Requests), requests => requests.Count >= count, Cancellation);

    // Moved into place, so that the handler never reads half of it.
    private void Save(string name, JsonNode content)
    {
        File.WriteAllText(PathOf(name + ".new"), content.ToJsonString());
        File.Move(PathOf(name + ".new"), PathOf(name), overwrite: true);
    }

    private string ReadShared(string name)
    {
        using var reader = new StreamReader(new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)];
    }
}
