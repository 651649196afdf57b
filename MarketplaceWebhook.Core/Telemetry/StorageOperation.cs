namespace MarketplaceWebhook.Telemetry;

/// <summary>What storage is called for. It flows with the calls, down to where the client makes one again.</summary>
public static class StorageOperation
{
    public const string Receive = "receive";

    public const string Project = "project";

    private static readonly AsyncLocal<string?> Flowing = new();

    /// <summary>Null outside the way of a notification: at the start, in a health check.</summary>
    public static string? Current => Flowing.Value;

    /// <summary>Holds until the async method that calls this one returns.</summary>
    public static void Begin(string operation) => Flowing.Value = operation;
}
