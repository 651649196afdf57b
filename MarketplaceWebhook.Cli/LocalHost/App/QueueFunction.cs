namespace MarketplaceWebhook.Cli.LocalHost.App;

/// <summary>A function with a queueTrigger.</summary>
/// <param name="BindingName">The name under which the message arrives.</param>
/// <param name="Connection">The name of the setting that holds the storage connection.</param>
public sealed record QueueFunction(string Name, string BindingName, string QueueName, string Connection);
