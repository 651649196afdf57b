using System.Diagnostics;
using System.Text;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.EndToEndTests.Support;

/// <summary>The tool as a process of its own.</summary>
public sealed class CliProcess : IDisposable
{
    private const string DataFolderVariable = "DEV_DATA_FOLDER";

    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(3);

    private readonly string _ownDataFolder;
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private CliProcess(Process process)
    {
        this._process = process;
        _ownDataFolder = Path.Combine(Path.GetTempPath(), $"dev-{Guid.NewGuid()}");
        process.StartInfo.Environment[DataFolderVariable] = _ownDataFolder;
    }

    public int ProcessId => _process.Id;

    /// <summary>The environment of another process that uses the same data folder. Each process has its own by default.</summary>
    public IReadOnlyDictionary<string, string> SameDataFolder =>
        new Dictionary<string, string> { [DataFolderVariable] = DataFolder };

    public string DataFolder => _process.StartInfo.Environment[DataFolderVariable]!;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public string Error
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    public int ExitCode => _process.ExitCode;

    public bool HasExited => _process.HasExited;

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
        {
            cli._process.StartInfo.Environment[name] = value;
        }

        cli._process.OutputDataReceived += (_, line) => Append(cli._output, line.Data);
        cli._process.ErrorDataReceived += (_, line) => Append(cli._error, line.Data);
        cli._process.Start();
        cli._process.BeginOutputReadLine();
        cli._process.BeginErrorReadLine();
        return cli;

        static void Append(StringBuilder text, string? line)
        {
            lock (text)
            {
                text.Append(line).Append(line is null ? "" : "\n");
            }
        }
    }

    /// <summary>Runs it to its end.</summary>
    public static Task<CliProcess> RunAsync(string? storage, params string[] arguments) =>
        RunAsync(storage, new Dictionary<string, string>(), arguments);

    public static async Task<CliProcess> RunAsync(
        string? storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var cli = Start(storage, environment, arguments);
        await cli.WaitForExitAsync();
        return cli;
    }

    /// <exception cref="TimeoutException">It does not end, for example because it inherited that SIGINT is ignored.</exception>
    public Task WaitForExitAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken)
        .WaitAsync(LongestRun, TestContext.Current.CancellationToken);

    /// <summary>Asks it to end, where the system knows how to ask.</summary>
    public void Terminate()
    {
        if (OperatingSystem.IsWindows())
        {
            _process.Kill(entireProcessTree: true);
        }
        else
        {
            PosixSignals.Terminate(_process.Id);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        _process.Dispose();
        if (Directory.Exists(_ownDataFolder))
        {
            Directory.Delete(_ownDataFolder, recursive: true);
        }
    }
}
