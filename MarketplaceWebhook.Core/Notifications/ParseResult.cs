namespace MarketplaceWebhook.Notifications;

/// <summary>The result of parsing a body: a notification, or the reason why it is rejected.</summary>
public abstract record ParseResult
{
    private ParseResult()
    {
    }

    public abstract T Match<T>(Func<Accepted, T> accepted, Func<Rejected, T> rejected);

    /// <param name="PayloadOffset">Where the payload begins in the body: after the byte order mark.</param>
    public sealed record Accepted(Notification Notification, int PayloadOffset) : ParseResult
    {
        public override T Match<T>(Func<Accepted, T> accepted, Func<Rejected, T> rejected) => accepted(this);
    }

    /// <param name="Reason">One of <see cref="RejectionReason"/>.</param>
    /// <param name="Errors">Field → messages.</param>
    /// <param name="AccountId">If the body has a readable one.</param>
    public sealed record Rejected(string Reason, IReadOnlyDictionary<string, string[]> Errors, Guid? AccountId) : ParseResult
    {
        public override T Match<T>(Func<Accepted, T> accepted, Func<Rejected, T> rejected) => rejected(this);

        /// <summary>One line: each field with its messages. Never a value.</summary>
        public string Describe() => string.Join(' ', Errors.Select(e => $"{e.Key} {string.Join(' ', e.Value)}"));
    }
}

public static class RejectionReason
{
    /// <summary>Not UTF-8, or not one JSON value.</summary>
    public const string InvalidJson = "invalid-json";

    public const string InvalidNotification = "invalid-notification";

    public const string TooLarge = "too-large";
}
