namespace MarketplaceWebhook.Storage;

/// <summary>The content of a message is invalid. The exception text never repeats that content.</summary>
public abstract class UnreadableMessageException(string why) : Exception(why);
