using System.Diagnostics;

namespace MarketplaceWebhook.CustomHandler;

/// <summary>
/// Waits at startup until a debugger is attached, if the setting says so. Isolated workers read the same setting.
/// </summary>
internal static class DebuggerWait
{
    private const string Setting = "FUNCTIONS_ENABLE_DEBUGGER_WAIT";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public static void IfRequested()
    {
        if (!bool.TryParse(Environment.GetEnvironmentVariable(Setting), out var isRequested) || !isRequested)
        {
            return;
        }

        Console.WriteLine($"Waiting for a debugger on process {Environment.ProcessId} (MarketplaceWebhook.CustomHandler) ...");
        while (!Debugger.IsAttached)
        {
            Thread.Sleep(Poll);
        }
    }
}
