namespace MarketplaceWebhook.LocalHost.App;

/// <summary>A function with a queueTrigger.</summary>
/// <param name="Connection">The name of the setting that contains the storage connection.</param>
public sealed record QueueFunction(string Name, string BindingName, string QueueName, string Connection);
