namespace MarketplaceWebhook.Cli;

/// <summary>
/// What the person at the terminal can mend: wrong input, a port that is taken, a program that is missing.
/// The message is one line that says what to do; Program prints it and ends with exit code 1.
/// </summary>
public sealed class UserErrorException(string message, Exception? innerException = null) : Exception(message, innerException);
