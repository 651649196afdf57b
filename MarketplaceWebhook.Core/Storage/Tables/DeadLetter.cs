using System.Text;
using System.Text.Unicode;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Storage;

/// <summary>A body rejected at the HTTP endpoint or a message that failed in the queue: a row of DeadLetters.</summary>
public sealed record DeadLetter
{
    public const string Rejected = "rejected";
    public const string Failed = "failed";

    /// <summary><see cref="Rejected"/> or <see cref="Failed"/>: the partition.</summary>
    public required string Kind { get; init; }

    public required NotificationId Id { get; init; }

    /// <summary>
    /// When the message was added to the poison queue, if <see cref="Id"/> is derived from its text and so has no time. Null: the
    /// id has the time.
    /// </summary>
    public DateTimeOffset? InsertedAt { get; init; }

    public string? Source { get; init; }

    /// <summary>Of the request, escaped and cut.</summary>
    public string? UserAgent { get; init; }

    public required string Reason { get; init; }

    public required string Detail { get; init; }

    public Guid? AccountId { get; init; }

    /// <summary>The request's body, or the message's text in UTF-8; of a body that is too large, its beginning.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Bytes.</summary>
    public required long BodyLength { get; init; }

    /// <summary>The body does not fit into the column, or is not UTF-8: it is stored completely in a blob.</summary>
    public bool NeedsBlob => Reason != RejectionReason.TooLarge
        && (
            !Utf8.IsValid(Body.Span)
                || (Body.Length > ColumnText.MaxCharacters && Encoding.UTF8.GetCharCount(Body.Span) > ColumnText.MaxCharacters));
}
