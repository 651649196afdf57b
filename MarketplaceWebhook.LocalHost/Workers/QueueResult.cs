namespace MarketplaceWebhook.LocalHost.Workers;

/// <param name="Detail">The worker's response, in a few words.</param>
internal sealed record QueueResult(QueueOutcome Outcome, string Detail)
{
    public static QueueResult Completed(string detail) => new(QueueOutcome.Completed, detail);

    public static QueueResult Failed(string detail) => new(QueueOutcome.Failed, detail);
}
