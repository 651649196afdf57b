using System.Diagnostics;
using System.Globalization;

namespace MarketplaceWebhook.LocalHost.Workers;

/// <summary>
/// Kills a worker if this process ends without stopping it, even by SIGKILL or a crash: a worker of a host that is gone would run
/// forever. A small shell reads a pipe from this process; a line dismisses it, the end of the pipe makes it kill the worker.
/// </summary>
internal sealed class OrphanGuard : IDisposable
{
    private readonly Process _shell;

    private OrphanGuard(Process shell) => _shell = shell;

    public static OrphanGuard Start(int processId)
    {
        var id = processId.ToString(CultureInfo.InvariantCulture);
        // Ctrl+C and the end of a terminal reach the shell too, possibly before the worker has stopped.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("powershell", ["-NoProfile", "-NonInteractive", "-Command",
                $"if ($null -eq [Console]::In.ReadLine()) {{ Stop-Process -Force -Id {id} }}"])
            : new ProcessStartInfo("/bin/sh", ["-c", "trap '' INT TERM HUP; read -r line || kill -9 \"$0\"", id]);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.CreateNoWindow = true;
        return new OrphanGuard(Process.Start(start)!);
    }

    public void Dispose()
    {
        try
        {
            _shell.StandardInput.WriteLine();
            _shell.StandardInput.Close();
        }
        catch (IOException)
        {
            // The shell is gone: someone killed it.
        }

        _shell.Dispose();
    }
}
