using System.Diagnostics;
using System.Text;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Support;

/// <summary>The tool as a process of its own.</summary>
public sealed class CliProcess : IDisposable
{
    /// <summary>Where `dev` keeps its data, and writes its URL and key.</summary>
    private static readonly string[] FolderVariables = ["DEV_DATA_FOLDER", "DEV_STATE_FOLDER"];

    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(3);

    private readonly string _ownFolder;
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly StringBuilder _waiting = new();

    private CliProcess(Process process)
    {
        this._process = process;
        _ownFolder = Path.Combine(Path.GetTempPath(), $"dev-{Guid.NewGuid()}");
        foreach (var variable in FolderVariables)
        {
            process.StartInfo.Environment[variable] = _ownFolder;
        }
    }

    public int ProcessId => _process.Id;

    /// <summary>The environment of another process that uses the same folder. Each process has its own by default.</summary>
    public IReadOnlyDictionary<string, string> SameFolder =>
        FolderVariables.ToDictionary(variable => variable, _ => Folder);

    public string Folder => _process.StartInfo.Environment[FolderVariables[0]]!;

    public string Output => Read(_output);

    /// <summary>Without <see cref="Waiting"/>.</summary>
    public string Error => Read(_error);

    /// <summary>Its line on stderr when a server does not respond for some seconds, such as that of a busy machine.</summary>
    public string Waiting => Read(_waiting);

    /// <summary>All that it wrote.</summary>
    public IReadOnlyList<string> Lines => $"{Output}\n{Error}".Split('\n');

    /// <summary>The one that `dev` prints, with the key.</summary>
    public Uri Url => new(Lines.First(line => line.StartsWith("URL for Cyclr", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1]);

    public int ExitCode => _process.ExitCode;

    public bool HasExited => _process.HasExited;

    public static CliProcess Start(string? storage, params string[] arguments) =>
        Start(storage, new Dictionary<string, string>(), arguments);

    public static CliProcess Start(string? storage, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var cli = new CliProcess(new Process
        {
            StartInfo = new ProcessStartInfo(
                "dotnet", [Path.Combine(AppContext.BaseDirectory, "marketplace-webhook.dll"), .. arguments])
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
        cli._process.ErrorDataReceived += (_, line) => Append(
            line.Data?.StartsWith("Waiting for ", StringComparison.Ordinal) == true ? cli._waiting : cli._error, line.Data);
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

    /// <inheritdoc cref="StartDevAsync(string, IReadOnlyDictionary{string, string}, string[])"/>
    public static Task<CliProcess> StartDevAsync(string storage, params string[] arguments) =>
        StartDevAsync(storage, new Dictionary<string, string>(), arguments);

    /// <returns>`dev`, once it runs the app or has ended.</returns>
    /// <param name="arguments">Without --port: it listens on a free one.</param>
    public static async Task<CliProcess> StartDevAsync(
        string storage, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var dev = Start(storage, environment, ["dev", "--port", "0", .. arguments]);
        await Wait.ForAsync(
            "dev", () => dev.HasExited || dev.Output.Contains("Ctrl+C ends it.", StringComparison.Ordinal), Cancellation);
        return dev;
    }

    public Task UntilItPrintsAsync(string words) =>
        Wait.ForAsync(words, () => Lines.Any(line => line.Contains(words, StringComparison.Ordinal)), Cancellation);

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
    public Task WaitForExitAsync() => _process.WaitForExitAsync(Cancellation)
        .WaitAsync(LongestRun, Cancellation);

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
        if (Directory.Exists(_ownFolder))
        {
            Directory.Delete(_ownFolder, recursive: true);
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
