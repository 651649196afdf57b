namespace MarketplaceWebhook.LocalHost;

/// <summary>
/// An error that the user can fix: a port in use, a missing program, an app that cannot be started. The message is one line that
/// says what to do.
/// </summary>
public sealed class LocalHostException(string message, Exception? innerException = null) : Exception(message, innerException);
