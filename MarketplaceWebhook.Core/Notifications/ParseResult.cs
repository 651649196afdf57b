namespace MarketplaceWebhook.Notifications;

/// <summary>What came of reading a body: a notification, or a refusal.</summary>
public abstract record ParseResult
{
    private ParseResult()
    {
    }

    public sealed record Accepted(Notification Notification) : ParseResult;

    /// <param name="Reason">One of <see cref="RefusalReason"/>.</param>
    /// <param name="Errors">Field → messages.</param>
    /// <param name="AccountId">Where the body names a readable one.</param>
    public sealed record Refused(string Reason, IReadOnlyDictionary<string, string[]> Errors, Guid? AccountId) : ParseResult
    {
        /// <summary>One line: each field with its messages. Never a value.</summary>
        public string Describe() => string.Join(' ', Errors.Select(e => $"{e.Key} {string.Join(' ', e.Value)}"));
    }
}

public static class RefusalReason
{
    /// <summary>Not UTF-8, or not one JSON value.</summary>
    public const string InvalidJson = "invalid-json";

    public const string InvalidNotification = "invalid-notification";

    public const string TooLarge = "too-large";
}
