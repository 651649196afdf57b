namespace MarketplaceWebhook.LocalHost.Workers;

/// <param name="Detail">The worker's response, in a few words.</param>
internal sealed record DeliveryResult(QueueOutcome Outcome, string Detail)
{
    public static DeliveryResult Completed(string detail) => new(QueueOutcome.Completed, detail);

    public static DeliveryResult Failed(string detail) => new(QueueOutcome.Failed, detail);
}
