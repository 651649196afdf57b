using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>A function app in a folder of its own, whose handler does what a test sets.</summary>
internal sealed class FakeApp : IDisposable
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
    {
        Respond(200, "{}");
        Save("host.json", _settings);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("fake-app-").FullName;

    public SeenEvents Events { get; } = new();

    public IReadOnlyList<SeenRequest> Requests => File.Exists(PathOf("seen.jsonl"))
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

    /// <summary>Responses wait until <see cref="Release"/>.</summary>
    public FakeApp Hold() => Respond(new JsonObject
    {
        ["hold"] = true,
        ["status"] = 200,
        ["body"] = "{}",
        ["headers"] = new JsonObject { ["Content-Type"] = "application/json" },
    });

    public void Release() => Mark("release");

    public void Mark(string fileName) => File.WriteAllText(PathOf(fileName), "");

    public void Unmark(string fileName) => File.Delete(PathOf(fileName));

    public bool IsMarked(string fileName) => File.Exists(PathOf(fileName));

    public JsonNode Started() => JsonNode.Parse(File.ReadAllText(PathOf("started.json")))!;

    public Task<LocalFunctionsHost> StartAsync(
        string storage, Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions>? change = null)
    {
        var options = new LocalFunctionsHostOptions
        {
            AppDirectory = Folder,
            StorageConnection = storage,
            Key = "a key/+",
            Observe = Events.Add,
        };
        return LocalFunctionsHost.StartAsync(change?.Invoke(options) ?? options, Cancellation);
    }

    /// <summary>For a test without queues.</summary>
    public Task<LocalFunctionsHost> StartAsync() => StartAsync("UseDevelopmentStorage=true");

    public Task<IReadOnlyList<SeenRequest>> RequestsAsync(int count) =>
        Wait.ForAsync(
            $"{count} requests", () =>
                Task.FromResult(Requests), requests => requests.Count >= count, Cancellation);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string PathOf(string name) => Path.Combine(Folder, name);

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
