using System.Diagnostics;

namespace MarketplaceWebhook.Runtimes;

/// <summary>Holds the start until a debugger is there, where the setting asks for it. Isolated workers know the same one.</summary>
internal static class DebuggerWait
{
    private const string Setting = "FUNCTIONS_ENABLE_DEBUGGER_WAIT";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public static void IfAsked()
    {
        if (!bool.TryParse(Environment.GetEnvironmentVariable(Setting), out var isAsked) || !isAsked)
        {
            return;
        }

        Console.WriteLine($"Waiting for a debugger on process {Environment.ProcessId} (MarketplaceWebhook.Functions) ...");
        while (!Debugger.IsAttached)
        {
            Thread.Sleep(Poll);
        }
    }
}
