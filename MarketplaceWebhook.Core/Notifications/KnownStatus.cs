namespace MarketplaceWebhook.Notifications;

/// <summary>
/// The statuses that Cyclr documents, as they are stored. Any other is logged and leaves the installs unchanged.
/// </summary>
public static class KnownStatus
{
    public const string Installed = "installed";
    public const string Uninstalled = "uninstalled";
    public const string Started = "started";
    public const string Stopped = "stopped";

    public static IReadOnlyList<string> All { get; } = [Installed, Started, Stopped, Uninstalled];

    public static bool Includes(string status) => All.Contains(status);
}
