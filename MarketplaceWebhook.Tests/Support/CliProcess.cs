using System.Diagnostics;
using System.Text;
using MarketplaceWebhook.Cli.LocalHost.Storage;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The tool as a process of its own.</summary>
public sealed class CliProcess : IDisposable
{
    private const string DataFolderVariable = "DEV_DATA_FOLDER";

    private readonly string ownDataFolder;
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    private CliProcess(Process process)
    {
        this.process = process;
        ownDataFolder = Path.Combine(Path.GetTempPath(), $"dev-{Guid.NewGuid()}");
        process.StartInfo.Environment[DataFolderVariable] = ownDataFolder;
    }

    public int ProcessId => process.Id;

    /// <summary>The environment of another process that uses the same data folder. Each process has its own by default.</summary>
    public IReadOnlyDictionary<string, string> SameDataFolder => new Dictionary<string, string> { [DataFolderVariable] = DataFolder };

    public string DataFolder => process.StartInfo.Environment[DataFolderVariable]!;

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public string Error
    {
        get
        {
            lock (error)
                return error.ToString();
        }
    }

    public int ExitCode => process.ExitCode;

    public bool HasExited => process.HasExited;

    public static CliProcess Start(string? storage, params string[] arguments) =>
        Start(storage, new Dictionary<string, string>(), arguments);

    public static CliProcess Start(string? storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var cli = new CliProcess(new Process
        {
            StartInfo = new ProcessStartInfo(
                "dotnet", [Path.Combine(AppContext.BaseDirectory, "MarketplaceWebhook.Cli.dll"), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["AzureWebJobsStorage"] = storage },
            },
        });
        foreach (var (name, value) in environment)
            cli.process.StartInfo.Environment[name] = value;

        cli.process.OutputDataReceived += (_, line) => Append(cli.output, line.Data);
        cli.process.ErrorDataReceived += (_, line) => Append(cli.error, line.Data);
        cli.process.Start();
        cli.process.BeginOutputReadLine();
        cli.process.BeginErrorReadLine();
        return cli;

        static void Append(StringBuilder text, string? line)
        {
            lock (text)
                text.Append(line).Append(line is null ? "" : "\n");
        }
    }

    /// <summary>Runs it to its end.</summary>
    public static Task<CliProcess> RunAsync(string? storage, params string[] arguments) =>
        RunAsync(storage, new Dictionary<string, string>(), arguments);

    public static async Task<CliProcess> RunAsync(string? storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var cli = Start(storage, environment, arguments);
        await cli.WaitForExitAsync();
        return cli;
    }

    public Task WaitForExitAsync() => process.WaitForExitAsync(TestContext.Current.CancellationToken);

    /// <summary>Asks it to end, where the system knows how to ask.</summary>
    public void Terminate()
    {
        if (OperatingSystem.IsWindows())
            process.Kill(entireProcessTree: true);
        else
            PosixSignals.Terminate(process.Id);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        process.Dispose();
        if (Directory.Exists(ownDataFolder))
            Directory.Delete(ownDataFolder, recursive: true);
    }
}
