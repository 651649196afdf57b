namespace MarketplaceWebhook.LocalHost.App;

/// <summary>The section customHandler of host.json.</summary>
/// <param name="ProxiesHttpRequests">If false, a request with a chunked body receives 500.</param>
public sealed record CustomHandlerSettings(WorkerCommand Command, bool ProxiesHttpRequests);
