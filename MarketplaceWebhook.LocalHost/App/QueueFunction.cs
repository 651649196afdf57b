namespace MarketplaceWebhook.LocalHost.App;

/// <summary>A function with a queueTrigger.</summary>
/// <param name="Connection">The name of the setting that contains the storage connection.</param>
/// <param name="IsDeferred">The worker reads the message itself, with its properties. False: it gets the text only.</param>
public sealed record QueueFunction(string Name, string BindingName, string QueueName, string Connection, bool IsDeferred);
