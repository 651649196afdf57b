namespace MarketplaceWebhook.Reconciling;

/// <summary>Cyclr's API failed. The message is one line for people, without a secret and without text from a response.</summary>
public sealed class CyclrException(string message, CyclrFailure failure = CyclrFailure.OfRun, Exception? innerException = null)
    : Exception(message, innerException)
{
    public CyclrFailure Failure { get; } = failure;
}

public enum CyclrFailure
{
    /// <summary>The token or the list of accounts: no account can be compared.</summary>
    OfRun,

    /// <summary>A call for one account failed; those for others may succeed.</summary>
    OfAccount,

    /// <summary>Cyclr has no such account or cycle, or denies access to it.</summary>
    NotAccessible,
}
