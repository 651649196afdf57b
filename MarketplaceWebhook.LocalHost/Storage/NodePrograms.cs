namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>Node.js and npm as they lie on the PATH.</summary>
internal static class NodePrograms
{
    private const string Advice = "Install Node.js 20 or newer (https://nodejs.org), or name a storage in AzureWebJobsStorage.";

    /// <exception cref="LocalHostException">The program is not installed.</exception>
    public static string Node() => Find(OperatingSystem.IsWindows() ? "node.exe" : "node");

    /// <exception cref="LocalHostException">The program is not installed.</exception>
    public static string Npm() => Find(OperatingSystem.IsWindows() ? "npm.cmd" : "npm");

    private static string Find(string fileName) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(folder => Path.Combine(folder, fileName))
            .FirstOrDefault(File.Exists)
        ?? throw new LocalHostException($"The storage emulator needs '{fileName}', and it is not on the PATH. {Advice}");
}
