namespace MarketplaceWebhook.Notifications;

/// <summary>The statuses that Cyclr documents, as they are stored. Any other is logged and leaves the installs alone.</summary>
public static class KnownStatus
{
    public const string Installed = "installed";
    public const string Uninstalled = "uninstalled";
    public const string Started = "started";
    public const string Stopped = "stopped";

    public static bool Includes(string status) => status is Installed or Uninstalled or Started or Stopped;
}
