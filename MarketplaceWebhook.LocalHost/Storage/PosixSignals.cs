using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>.NET can only kill a process; asking it to end takes the C library.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class PosixSignals
{
    private const int Sigterm = 15;

    public static void Terminate(int processId) => _ = Kill(processId, Sigterm);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
