using System.Diagnostics;

namespace MarketplaceWebhook.Tests.Infra;

/// <summary>
/// The hooks as azd runs them: own processes, azd's values in the environment. azd and dotnet are replaced by scripts that write
/// down how they were called, Azure by a double on loopback; curl or PowerShell are the real ones.
/// </summary>
public sealed class HookTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("hooks");

    private string Terminal => Path.Combine(folder.FullName, "terminal");

    public static TheoryData<string> Shells { get; } = IsInstalled("pwsh") ? ["sh", "pwsh"] : ["sh"];

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void The_PowerShell_hooks_are_tried_too() =>
        Assert.SkipUnless(IsInstalled("pwsh"), "PowerShell 7 is not installed: its hooks are tried in the workflow.");

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task The_first_deployment_makes_the_key_and_probes_with_it(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(
        [
            $"POST {AzureManagement.AppId}/functions/ReceiveNotification/listkeys",
            $"PUT {AzureManagement.AppId}/functions/ReceiveNotification/keys/cyclr",
            $"POST {AzureManagement.AppId}/functions/ReceiveNotification/listkeys",
        ], azure.Calls);
        var probe = Assert.Single(CallsOf("dotnet"));
        Assert.Contains("probe --url https://func-test.example/api/cyclr/marketplace?code=made%2Bby%2FAzure%3D%3D", probe);
        Assert.EndsWith("--storage sttest", probe);
        Assert.StartsWith("custom ", probe);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task The_key_is_in_no_output(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.DoesNotContain("made", run.Output.Replace("was made", ""));
        Assert.DoesNotContain("code=", run.Output);
        Assert.DoesNotContain(AzureManagement.Token, run.Output);
    }

    [Fact]
    public async Task The_url_is_shown_on_the_terminal_and_only_once()
    {
        await using var azure = await AzureManagement.StartAsync();

        await RunAsync("sh", "postdeploy", ValuesFor(azure));
        var first = await File.ReadAllTextAsync(Terminal, TestContext.Current.CancellationToken);
        File.Delete(Terminal);
        var second = await RunAsync("sh", "postdeploy", ValuesFor(azure));

        Assert.Contains("https://func-test.example/api/cyclr/marketplace?code=made%2Bby%2FAzure%3D%3D", first);
        Assert.False(File.Exists(Terminal));
        Assert.Contains("there already", second.Output);
    }

    [Theory]
    [InlineData("CI")]
    [InlineData("TF_BUILD")]
    public async Task A_pipeline_does_not_get_to_see_the_url(string variable)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync("sh", "postdeploy", [.. ValuesFor(azure), new(variable, "true")]);

        Assert.Equal(0, run.ExitCode);
        Assert.False(File.Exists(Terminal));
        Assert.Contains("not printed here", run.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_key_that_is_there_stays_as_it_is(string shell)
    {
        await using var azure = await AzureManagement.StartAsync(cyclrKey: "made-by-an-earlier-deployment");

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain(azure.Calls, call => call.StartsWith("PUT"));
        Assert.Contains("code=made-by-an-earlier-deployment", Assert.Single(CallsOf("dotnet")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_function_that_does_not_show_yet_is_waited_for(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.CallsBeforeFunctionShows = 2;

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(5, azure.Calls.Count);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_function_that_never_shows_is_one_clear_line(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.CallsBeforeFunctionShows = int.MaxValue;

        var run = await RunAsync(
            shell, "postdeploy", [.. ValuesFor(azure).Where(value => value.Key != "POSTDEPLOY_PATIENCE_SECONDS"), new("POSTDEPLOY_PATIENCE_SECONDS", "0")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("Azure does not show the function ReceiveNotification after 0 s: see the app's log stream in the Portal.", run.Output.Trim());
        Assert.Empty(CallsOf("dotnet"));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_probe_that_fails_fails_the_deployment(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), new("FAKE_DOTNET_EXIT", "1")]);

        Assert.Equal(1, run.ExitCode);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Restricted_addresses_make_no_probe_and_say_so(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), new("SOURCE_ADDRESSES_RESTRICTED", "true")]);

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(CallsOf("dotnet"));
        Assert.Contains("no probe", run.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Packaging_sets_the_runtime_when_it_is_absent(string shell)
    {
        var run = await RunAsync(shell, "prepackage", []);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("env set FUNCTIONS_WORKER_RUNTIME dotnet-isolated", Assert.Single(CallsOf("azd")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Packaging_keeps_the_runtime_that_is_set_and_refuses_one_that_does_not_exist(string shell)
    {
        var custom = await RunAsync(shell, "prepackage", [new("FUNCTIONS_WORKER_RUNTIME", "custom")]);
        var node = await RunAsync(shell, "prepackage", [new("FUNCTIONS_WORKER_RUNTIME", "node")]);

        Assert.Equal(0, custom.ExitCode);
        Assert.Equal(1, node.ExitCode);
        Assert.Contains("azd env set FUNCTIONS_WORKER_RUNTIME", node.Output);
        Assert.Empty(CallsOf("azd"));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Deployment_stops_when_the_package_is_of_the_other_runtime(string shell)
    {
        Publish("custom");

        var same = await RunAsync(shell, "predeploy", [new("PROVISIONED_WORKER_RUNTIME", "custom")]);
        var other = await RunAsync(shell, "predeploy", [new("PROVISIONED_WORKER_RUNTIME", "dotnet-isolated")]);

        Assert.True(same.ExitCode == 0, same.Output);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("The package is for 'custom', the app in Azure runs 'dotnet-isolated'.", other.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Deployment_stops_when_nothing_was_packaged_or_provisioned(string shell)
    {
        var unpackaged = await RunAsync(shell, "predeploy", [new("PROVISIONED_WORKER_RUNTIME", "custom")]);
        Publish("custom");
        var unprovisioned = await RunAsync(shell, "predeploy", []);

        Assert.Equal((1, 1), (unpackaged.ExitCode, unprovisioned.ExitCode));
        Assert.Contains("azd package", unpackaged.Output);
        Assert.Contains("azd provision", unprovisioned.Output);
    }

    private KeyValuePair<string, string>[] ValuesFor(AzureManagement azure) =>
    [
        new("AZURE_RESOURCE_MANAGER_ENDPOINT", azure.Url),
        new("AZURE_TENANT_ID", "tenant"),
        new("AZURE_STORAGE_ACCOUNT_NAME", "sttest"),
        new("FUNCTION_APP_ID", AzureManagement.AppId),
        new("FUNCTION_APP_URL", "https://func-test.example"),
        new("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"),
        new("POSTDEPLOY_PATIENCE_SECONDS", "60"),
        new("POSTDEPLOY_PAUSE_SECONDS", "0"),
        new("POSTDEPLOY_TERMINAL", Terminal),
    ];

    /// <summary>The hooks find the stamp of the last publish beside themselves: they run in a copy.</summary>
    private void Publish(string runtime)
    {
        var obj = Directory.CreateDirectory(Path.Combine(folder.FullName, "MarketplaceWebhook.Functions", "obj"));
        File.WriteAllText(Path.Combine(obj.FullName, "published-runtime.txt"), runtime + "\n");
    }

    private string[] CallsOf(string tool) =>
        File.Exists(Path.Combine(folder.FullName, tool + ".calls")) ? File.ReadAllLines(Path.Combine(folder.FullName, tool + ".calls")) : [];

    private async Task<(int ExitCode, string Output)> RunAsync(
        string shell, string hook, IEnumerable<KeyValuePair<string, string>> values)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-ins for azd and dotnet are shell scripts.");
        Assert.SkipUnless(shell != "sh" || IsInstalled("curl"), "'curl' is not installed.");

        var hooks = Directory.CreateDirectory(Path.Combine(folder.FullName, "infra", "hooks"));
        var script = Path.Combine(hooks.FullName, hook + (shell == "sh" ? ".sh" : ".ps1"));
        File.Copy(Repository.PathOf($"infra/hooks/{Path.GetFileName(script)}"), script, overwrite: true);
        WriteTool("azd", $$"""[ "$1" = auth ] && echo '{"token": "{{AzureManagement.Token}}", "expiresOn": "2030-01-01T00:00:00Z"}' && exit 0; echo "$*" >> "{{folder.FullName}}/azd.calls" """);
        WriteTool("dotnet", $$"""echo "$FUNCTIONS_WORKER_RUNTIME $*" >> "{{folder.FullName}}/dotnet.calls"; exit "${FAKE_DOTNET_EXIT:-0}" """);

        var start = new ProcessStartInfo(shell, shell == "sh" ? [script] : ["-NoProfile", "-File", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var inherited in new[] { "CI", "TF_BUILD", "FUNCTIONS_WORKER_RUNTIME" })
            start.Environment.Remove(inherited);
        start.Environment["PATH"] = Path.Combine(folder.FullName, "bin") + Path.PathSeparator + start.Environment["PATH"];
        foreach (var (name, value) in values)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    private void WriteTool(string name, string body)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullName, "bin")).FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static bool IsInstalled(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)));
}
