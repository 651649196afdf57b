namespace MarketplaceWebhook.LocalHost.Workers;

internal enum ForwardOutcome
{
    Succeeded,

    /// <summary>The function failed, or the request was not accepted.</summary>
    FunctionFailed,

    /// <summary>The connection failed: the process may be ending.</summary>
    ConnectionFailed,
}
