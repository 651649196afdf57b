namespace MarketplaceWebhook.Storage;

/// <summary>A setting that the application cannot run with. The message is one line for the person who sets it.</summary>
public sealed class SettingsException(string message) : Exception(message);
