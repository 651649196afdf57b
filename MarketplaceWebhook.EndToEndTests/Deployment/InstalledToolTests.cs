using System.Diagnostics;
using System.IO.Compression;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Deployment;

/// <summary>The package of the tool, installed as users do: every text has the name of the installed command.</summary>
public sealed class InstalledToolTests(AzuriteFixture azurite, InstalledToolTests.Installation installed)
    : IClassFixture<InstalledToolTests.Installation>
{
    private const string Name = "marketplace-webhook";

    [Theory]
    [InlineData("")]
    [InlineData("dev")]
    [InlineData("send")]
    [InlineData("deadletters show")]
    public async Task Help_has_the_name_of_the_command(string command)
    {
        var (exitCode, output, error) = await installed.RunAsync(null, [.. Transcript.Arguments(command), "--help"]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains($"Usage:\n  {$"{Name} {command}".TrimEnd()} ", output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        AssertNoCommandOfAClone(output);
    }

    [Theory]
    [InlineData("dev is not running on this machine: start it with `marketplace-webhook dev`, ", "send started")]
    [InlineData("Nothing is listening on http://127.0.0.1:1: start the app with `marketplace-webhook dev`, ",
        "send started --url http://127.0.0.1:1/")]
    public async Task Remedy_is_a_command_of_the_installed_tool(string remedy, string command)
    {
        var (exitCode, _, error) = await installed.RunAsync(null, Transcript.Arguments(command));

        Assert.Equal(1, exitCode);
        Assert.StartsWith(remedy, error, StringComparison.Ordinal);
        AssertNoCommandOfAClone(error);
    }

    [Fact]
    public async Task Send_and_show_find_a_running_dev_from_another_folder()
    {
        var storage = azurite.NewAccount();
        using var dev = installed.Start(storage, ["dev", "--port", "0"], installed.NewFolder("one"));
        var output = await ReadUntilAsync(dev, "Ctrl+C ends it.");
        AssertNoCommandOfAClone(output);

        var (exitCode, sent, error) = await installed.RunAsync(storage, ["send", "installed"], installed.NewFolder("two"));

        Assert.True(exitCode == 0, error);
        Assert.StartsWith("202 Accepted", sent, StringComparison.Ordinal);
        await Wait.ForAsync(
            "the account",
            () => installed.RunAsync(storage, ["show", "ExampleAccount"], installed.NewFolder("two")),
            shown => shown.ExitCode == 0,
            Cancellation);
        dev.Kill(entireProcessTree: true);
        await dev.WaitForExitAsync(Cancellation);
    }

    [Fact]
    public async Task Package_has_a_readme_without_links_to_files()
    {
        await using var package = await ZipFile.OpenReadAsync(installed.Package, Cancellation);

        using var reader = new StreamReader(await package.GetEntry("README.md")!.OpenAsync(Cancellation));
        var text = await reader.ReadToEndAsync(Cancellation);

        Assert.StartsWith($"# {Name}\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\]\((?!https://)", text);
        AssertNoCommandOfAClone(text);
    }

    private static void AssertNoCommandOfAClone(string text)
    {
        Assert.DoesNotContain("dotnet run", text, StringComparison.Ordinal);
        Assert.DoesNotContain("MarketplaceWebhook.Cli", text, StringComparison.Ordinal);
    }

    private static async Task<string> ReadUntilAsync(Process process, string line)
    {
        var lines = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(Cancellation) is { } next)
        {
            lines.Add(next);
            if (next == line)
            {
                return string.Join('\n', lines);
            }
        }

        lines.Add(await process.StandardError.ReadToEndAsync(Cancellation));
        throw new InvalidOperationException(string.Join('\n', lines));
    }

    /// <summary>Packs the tool that was built with these tests, and installs it into a folder outside the clone.</summary>
    public sealed class Installation : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("tool-").FullName;

        public string Package { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
            var packages = NewFolder("packages");
            await RunAsync(
                "dotnet", "pack", Repository.PathOf("MarketplaceWebhook.Cli"), "--no-build", "-c", configuration, "-o", packages);
            Package = Assert.Single(Directory.GetFiles(packages));
            await RunAsync(
                "dotnet", "tool", "install", Name, "--tool-path", Path.Combine(_folder, "tools"), "--source", packages);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_folder, recursive: true);
            return ValueTask.CompletedTask;
        }

        public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

        public async Task<(int ExitCode, string Output, string Error)> RunAsync(
            string? storage, IReadOnlyList<string> arguments, string? folder = null)
        {
            using var process = Start(storage, arguments, folder ?? _folder);
            var error = process.StandardError.ReadToEndAsync(Cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
            await process.WaitForExitAsync(Cancellation);
            return (process.ExitCode, output, await error);
        }

        /// <summary>All of them are of one user, who has no other `dev`.</summary>
        public Process Start(string? storage, IReadOnlyList<string> arguments, string folder)
        {
            var start = new ProcessStartInfo(Path.Combine(_folder, "tools", Name), arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["AzureWebJobsStorage"] = storage;
            start.Environment["DEV_STATE_FOLDER"] = Path.Combine(_folder, "state");
            return Process.Start(start)!;
        }

        private async Task RunAsync(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = _folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync(Cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
            await process.WaitForExitAsync(Cancellation);
            Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)}: {output}{await error}");
        }
    }
}
