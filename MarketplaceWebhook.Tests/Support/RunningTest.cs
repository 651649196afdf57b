namespace MarketplaceWebhook.Tests.Support;

/// <summary>Imported into every file of the tests.</summary>
public static class RunningTest
{
    /// <summary>Cancelled when the running test is aborted or exceeds its time limit.</summary>
    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
