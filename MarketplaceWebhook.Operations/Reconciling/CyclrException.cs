namespace MarketplaceWebhook.Reconciling;

/// <summary>Cyclr's API failed. The message is one line for people, without a secret and without text from a response.</summary>
/// <param name="isNotAccessible">It concerns one account; others may be accessible.</param>
public sealed class CyclrException(string message, bool isNotAccessible = false, Exception? innerException = null)
    : Exception(message, innerException)
{
    public bool IsNotAccessible { get; } = isNotAccessible;
}
