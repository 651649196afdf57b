namespace MarketplaceWebhook.Cli.Output;

/// <summary>
/// An error that the user can fix: invalid input, a port in use, a missing program.
/// The message is one line that says what to do; the tool prints it and returns exit code 1.
/// </summary>
public sealed class UserErrorException(string message, Exception? innerException = null) : Exception(message, innerException);
