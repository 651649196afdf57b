namespace MarketplaceWebhook;

/// <summary>How long the application tries before it gives up. Settings Patience__Receiving and Patience__Projecting.</summary>
public sealed class Patience
{
    public const string Section = nameof(Patience);

    /// <summary>For storage to take a notification: the caller is answered within 10 s.</summary>
    public TimeSpan Receiving { get; set; } = TimeSpan.FromSeconds(9.5);

    /// <summary>For one delivery to be projected. Well below the host's functionTimeout, and the 10 minutes that a message is invisible.</summary>
    public TimeSpan Projecting { get; set; } = TimeSpan.FromMinutes(5);
}
