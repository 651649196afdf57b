using System.Diagnostics;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>
/// Runs the postdeploy hook as azd does: as a process, with azd's values in the environment. Scripts that record their calls
/// replace azd and dotnet, and a test double on loopback replaces Azure. curl and PowerShell are the real ones.
/// </summary>
public sealed class HookTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hooks");

    private const string NewUrl = "https://func-test.example/api/cyclr/marketplace?code=made%2Bby%2FAzure%3D%3D";

    private static readonly KeyValuePair<string, string> NoWait = new("POSTDEPLOY_TIMEOUT_SECONDS", "0");

    private string Terminal => Path.Combine(_folder.FullName, "terminal");

    public static TheoryData<string> Shells { get; } = IsInstalled("pwsh") ? ["sh", "pwsh"] : ["sh"];

    public static TheoryData<string, string, int> Rejections { get; } =
    [
        .. Shells.SelectMany(shell => new[] { "POST", "PUT" }.SelectMany(
            method => new[] { 401, 403 }.Select(status => (shell.Data, method, status)))),
    ];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void PowerShell_hook_is_tested_where_PowerShell_is_installed() =>
        Assert.SkipUnless(IsInstalled("pwsh"), "PowerShell 7 is not installed (`dotnet tool install --global PowerShell`).");

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task First_deployment_creates_the_key_and_sends_a_probe_with_it(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(
        [
            $"POST {AzureManagement.AppId}/functions/ReceiveNotification/listkeys",
            $"PUT {AzureManagement.AppId}/functions/ReceiveNotification/keys/cyclr",
        ], azure.Calls);
        Assert.EndsWith("-- probe --storage sttest", Assert.Single(CallsOf("dotnet")));
        Assert.Equal(NewUrl, Assert.Single(CallsOf("url")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Output_never_contains_the_key(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.DoesNotContain("made", run.Output);
        Assert.DoesNotContain("code=", run.Output);
        Assert.DoesNotContain(AzureManagement.Token, run.Output);
    }

    [Fact]
    public async Task Url_is_printed_to_the_terminal_and_only_once()
    {
        await using var azure = await AzureManagement.StartAsync();

        await RunAsync("sh", "postdeploy", ValuesFor(azure));
        var first = await File.ReadAllTextAsync(Terminal, Cancellation);
        File.Delete(Terminal);
        var second = await RunAsync("sh", "postdeploy", ValuesFor(azure));

        Assert.Contains(NewUrl, first);
        Assert.False(File.Exists(Terminal));
        Assert.Contains("already exists", second.Output);
    }

    [Theory]
    [InlineData("CI")]
    [InlineData("TF_BUILD")]
    public async Task Url_is_not_printed_in_a_pipeline(string variable)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync("sh", "postdeploy", [.. ValuesFor(azure), new(variable, "true")]);

        Assert.Equal(0, run.ExitCode);
        Assert.False(File.Exists(Terminal));
        Assert.Contains("not printed here", run.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Existing_key_is_not_replaced(string shell)
    {
        await using var azure = await AzureManagement.StartAsync(cyclrKey: "key-of-an-earlier-deployment");

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain(azure.Calls, call => call.StartsWith("PUT"));
        Assert.EndsWith("code=key-of-an-earlier-deployment", Assert.Single(CallsOf("url")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Hook_waits_until_Azure_lists_the_function(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.CallsBeforeFunctionIsListed = 2;

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(4, azure.Calls.Count);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Function_that_is_never_listed_fails_with_a_one_line_message(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.CallsBeforeFunctionIsListed = int.MaxValue;

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), NoWait]);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            "Azure does not list the function ReceiveNotification after 0 s (HTTP 404 CodeOf404). In the Portal: the app > "
            + "Functions; if the function is missing, Diagnose and solve problems. Then run 'azd deploy' again.",
            run.Output.Trim());
        Assert.Empty(CallsOf("dotnet"));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task One_failed_PUT_is_repeated(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.Fault = (method, number) => method == "PUT" && number == 1 ? 500 : null;

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(NewUrl, Assert.Single(CallsOf("url")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Key_whose_PUT_got_an_error_all_the_same_is_a_new_one(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.FaultsComeAfterTheEffect = true;
        azure.Fault = (method, _) => method == "PUT" ? 500 : null;

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(NewUrl, Assert.Single(CallsOf("url")));
        Assert.DoesNotContain("already exists", run.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Key_that_cannot_be_created_fails_with_the_status_and_the_code(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.Fault = (method, _) => method == "PUT" ? 500 : null;

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), NoWait]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Azure did not create the key 'cyclr' after 0 s (HTTP 500 CodeOf500).", run.Output);
    }

    [Theory]
    [MemberData(nameof(Rejections))]
    public async Task Rejected_identity_fails_at_once(string shell, string method, int status)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.Fault = (called, _) => called == method ? status : null;

        var run = await RunAsync(shell, "postdeploy", ValuesFor(azure));

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(method == "POST" ? 1 : 2, azure.Calls.Count);
        Assert.Contains($"(HTTP {status} CodeOf{status})", run.Output);
        Assert.EndsWith(
            status == 401
                ? "run 'azd auth login'." : "the deployer needs the role Website Contributor (or Contributor) on the app.",
            run.Output.Trim());
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Azure_that_does_not_respond_fails_with_a_message(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();
        azure.IsSilent = true;

        var run = await RunAsync(
            shell, "postdeploy", [.. ValuesFor(azure), NoWait, new("POSTDEPLOY_REQUEST_TIMEOUT_SECONDS", "1")]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith(
            "Azure does not list the function ReceiveNotification after 0 s (no response).", run.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Failed_probe_fails_the_deployment(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), new("FAKE_DOTNET_EXIT", "1")]);

        Assert.Equal(1, run.ExitCode);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task No_probe_is_sent_and_the_reason_is_printed_when_addresses_are_restricted(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), new("SOURCE_ADDRESSES_RESTRICTED", "true")]);

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(CallsOf("dotnet"));
        Assert.Contains("no probe", run.Output);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Probe_does_not_read_storage_that_is_in_a_virtual_network(string shell)
    {
        await using var azure = await AzureManagement.StartAsync();

        var run = await RunAsync(shell, "postdeploy", [.. ValuesFor(azure), new("STORAGE_IS_PRIVATE", "true")]);

        Assert.Equal(0, run.ExitCode);
        Assert.EndsWith("-- probe", Assert.Single(CallsOf("dotnet")), StringComparison.Ordinal);
    }

    private KeyValuePair<string, string>[] ValuesFor(AzureManagement azure) =>
    [
        new("AZURE_RESOURCE_MANAGER_ENDPOINT", azure.Url),
        new("AZURE_TENANT_ID", "tenant"),
        new("AZURE_STORAGE_ACCOUNT_NAME", "sttest"),
        new("FUNCTION_APP_ID", AzureManagement.AppId),
        new("FUNCTION_APP_URL", "https://func-test.example"),
        new("POSTDEPLOY_TIMEOUT_SECONDS", "60"),
        new("POSTDEPLOY_PAUSE_SECONDS", "0"),
        new("POSTDEPLOY_TERMINAL", Terminal),
    ];

    private string[] CallsOf(string tool) =>
        File.Exists(Path.Combine(_folder.FullName, tool + ".calls"))
            ? File.ReadAllLines(Path.Combine(_folder.FullName, tool + ".calls")) : [];

    private async Task<(int ExitCode, string Output)> RunAsync(
        string shell, string hook, IEnumerable<KeyValuePair<string, string>> values)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The replacements of azd and dotnet are shell scripts.");
        Assert.SkipUnless(shell != "sh" || IsInstalled("curl"), "'curl' is not installed.");

        var hooks = Directory.CreateDirectory(Path.Combine(_folder.FullName, "infra", "hooks"));
        var script = Path.Combine(hooks.FullName, hook + (shell == "sh" ? ".sh" : ".ps1"));
        File.Copy(Repository.PathOf($"infra/hooks/{Path.GetFileName(script)}"), script, overwrite: true);
        WriteTool(
            "azd",
            $$"""[ "$1" = auth ] && echo '{"token": "{{AzureManagement.Token}}", "expiresOn": "2030-01-01T00:00:00Z"}' && exit 0; echo "$*" >> "{{_folder.FullName}}/azd.calls" """);
        // PowerShell as a .NET tool starts itself with dotnet.
        WriteTool(
            "dotnet",
            $$"""[ "$1" = run ] || exec "{{PathOf("dotnet")}}" "$@"; echo "$*" >> "{{_folder.FullName}}/dotnet.calls"; echo "$WEBHOOK_URL" >> "{{_folder.FullName}}/url.calls"; exit "${FAKE_DOTNET_EXIT:-0}" """);

        var start = new ProcessStartInfo(shell, shell == "sh" ? [script] : ["-NoProfile", "-File", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var inherited in new[] { "CI", "TF_BUILD" })
        {
            start.Environment.Remove(inherited);
        }

        start.Environment["PATH"] = Path.Combine(_folder.FullName, "bin") + Path.PathSeparator + start.Environment["PATH"];
        foreach (var (name, value) in values)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, await output + await errors);
    }

    private void WriteTool(string name, string body)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.FullName, "bin")).FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static bool IsInstalled(string tool) => PathOf(tool) is not null;

    private static string? PathOf(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
}
