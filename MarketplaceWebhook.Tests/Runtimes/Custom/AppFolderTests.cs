using System.Text.Json;

namespace MarketplaceWebhook.Tests.Runtimes.Custom;

/// <summary>The folder that a build gives: what a Functions host reads before it starts the handler.</summary>
public sealed class AppFolderTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "app");

    [Fact]
    public void Has_the_four_functions() =>
        Assert.Equal(
            ["Health", "ProjectNotification", "ReceiveNotification", "RecordDeadLetter"],
            Directory.EnumerateFiles(Folder, "function.json", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Folder, Path.GetDirectoryName(path)!)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("ReceiveNotification", "function", "post", "cyclr/marketplace/{source?}")]
    [InlineData("Health", "anonymous", "get", "health")]
    public void An_http_function_has_its_level_method_and_route(string function, string level, string method, string route)
    {
        var bindings = Read(function, "function.json").GetProperty("bindings");

        Assert.Equal(2, bindings.GetArrayLength());
        Assert.Equal(["httpTrigger", "in", level, route], Texts(bindings[0], "type", "direction", "authLevel", "route"));
        Assert.Equal([method], bindings[0].GetProperty("methods").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal(["http", "out"], Texts(bindings[1], "type", "direction"));
    }

    [Theory]
    [InlineData("ProjectNotification", "marketplace-notifications")]
    [InlineData("RecordDeadLetter", "marketplace-notifications-poison")]
    public void A_queue_function_has_its_queue_and_the_storage_setting(string function, string queue)
    {
        var bindings = Read(function, "function.json").GetProperty("bindings");

        Assert.Equal(1, bindings.GetArrayLength());
        Assert.Equal(
            ["queueTrigger", "in", "message", queue, "AzureWebJobsStorage"],
            Texts(bindings[0], "type", "direction", "name", "queueName", "connection"));
    }

    [Fact]
    public void Host_json_says_how_the_queues_are_read()
    {
        var queues = Read("host.json").GetProperty("extensions").GetProperty("queues");

        Assert.Equal(["base64", "00:00:10", "00:00:02"], Texts(queues, "messageEncoding", "visibilityTimeout", "maxPollingInterval"));
        Assert.Equal((16, 5), (queues.GetProperty("batchSize").GetInt32(), queues.GetProperty("maxDequeueCount").GetInt32()));
    }

    [Fact]
    public void Host_json_passes_requests_on_as_they_are_and_keeps_urls_out_of_the_log()
    {
        var host = Read("host.json");
        var handler = host.GetProperty("customHandler");

        Assert.Equal("2.0", host.GetProperty("version").GetString());
        Assert.True(handler.GetProperty("enableForwardingHttpRequest").GetBoolean());
        Assert.True(handler.GetProperty("enableProxyingHttpRequest").GetBoolean());
        Assert.Equal("[4.0.0, 5.0.0)", host.GetProperty("extensionBundle").GetProperty("version").GetString());
        Assert.Equal(
            "Warning",
            host.GetProperty("logging").GetProperty("logLevel").GetProperty("Microsoft.AspNetCore.Hosting.Diagnostics").GetString());
    }

    [Fact]
    public void Host_json_names_an_executable_that_is_there()
    {
        var executable = Read("host.json").GetProperty("customHandler").GetProperty("description").GetProperty("defaultExecutablePath").GetString()!;

        Assert.Equal(OperatingSystem.IsWindows() ? ".exe" : ".Functions", Path.GetExtension(executable));
        Assert.True(File.Exists(Path.Combine(Folder, executable)), executable);
    }

    private static JsonElement Read(params string[] path) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine([Folder, .. path]))).RootElement;

    private static IEnumerable<string?> Texts(JsonElement json, params string[] names) => names.Select(name => json.GetProperty(name).GetString());
}
