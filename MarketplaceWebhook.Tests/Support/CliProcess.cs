using System.Diagnostics;
using System.Text;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The tool as a process of its own.</summary>
public sealed class CliProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    private CliProcess(Process process) => this.process = process;

    public int ProcessId => process.Id;

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

    public static CliProcess Start(string? storage, params string[] arguments)
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
    public static async Task<CliProcess> RunAsync(string? storage, params string[] arguments)
    {
        var cli = Start(storage, arguments);
        await cli.WaitForExitAsync();
        return cli;
    }

    public Task WaitForExitAsync() => process.WaitForExitAsync(TestContext.Current.CancellationToken);

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
