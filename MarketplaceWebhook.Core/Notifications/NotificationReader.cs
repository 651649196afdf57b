using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace MarketplaceWebhook.Notifications;

/// <summary>
/// Parses the body of a request. Tolerant: names in any case, unknown fields, a byte order mark; an optional field is never
/// a reason to reject. One pass over the bytes, which allocates nothing for unknown fields.
/// </summary>
public static class NotificationReader
{
    /// <summary>The key of an error that concerns the body as a whole.</summary>
    public const string Body = "body";

    private const string Status = "Status";
    private const string AccountId = "AccountId";
    private const string AccountApiId = "AccountApiId";
    private const string PackageId = "MarketplaceIntegrationPackageId";
    private const string Details = "MarketplaceInstallDetails";
    private const string ErrorList = "Errors";
    private const string UserId = "UserId";
    private const string CompleteParameter = "CompleteParameter";

    private static readonly KnownNames Names =
        new(Status, AccountId, AccountApiId, PackageId, Details, ErrorList, UserId, CompleteParameter);

    // Depth is not a reason to reject, and costs the reader one bit per level.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    public static ParseResult Read(ReadOnlySpan<byte> body)
    {
        // The byte order mark is not part of the payload.
        var offset = body.StartsWith("\uFEFF"u8) ? "\uFEFF"u8.Length : 0;
        body = body[offset..];
        if (!Utf8.IsValid(body))
        {
            return NotJson("is not UTF-8.");
        }

        try
        {
            var reader = new Utf8JsonReader(body, Options);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                reader.Read();
                return Reject(new Draft().Reject(Body, "must be a JSON object."));
            }

            var draft = ReadObject(ref reader, body);
            reader.Read();
            return draft.ToResult(offset);
        }
        catch (JsonException e)
        {
            // The exception's own message would repeat characters of the body.
            return NotJson(string.Create(CultureInfo.InvariantCulture,
                $"is not one JSON value: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}."));
        }
    }

    private static Draft ReadObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        var draft = new Draft();
        var seen = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var field = Names.Find(ref reader, ref seen, out var isRepeated);
            reader.Read();
            if (field is null)
            {
                reader.Skip();
                continue;
            }

            if (isRepeated)
            {
                draft.Reject(field, "is given more than once.");
            }

            ReadField(ref reader, body, field, draft);
        }

        return draft;
    }

    private static void ReadField(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, string name, Draft draft)
    {
        switch (name)
        {
            case Status: draft.Status = ReadStatus(ref reader); break;
            case AccountId: draft.AccountId = JsonText.ReadGuid(ref reader); break;
            case PackageId: draft.PackageId = ReadPackageId(ref reader); break;
            case AccountApiId: draft.AccountApiId = ReadAccountApiId(ref reader, draft.Warnings); break;
            case CompleteParameter: draft.CompleteParameter = JsonText.ReadOptional(ref reader, name, draft.Warnings); break;
            case UserId: draft.UserId = JsonText.Canonical(JsonText.ReadOptional(ref reader, name, draft.Warnings)); break;
            case ErrorList: draft.Errors = ErrorListReader.Read(ref reader, body, name, draft.Warnings); break;
            case Details: draft.Details = InstallDetailsReader.ReadDetails(ref reader, name, draft.Warnings); break;
            default: throw new InvalidOperationException($"No reader for {name}.");
        }
    }

    /// <summary>An empty one identifies no account.</summary>
    private static string? ReadAccountApiId(ref Utf8JsonReader reader, Warnings warnings) =>
        JsonText.ReadOptional(ref reader, AccountApiId, warnings) is { Length: > 0 } id ? id : null;

    private static string? ReadStatus(ref Utf8JsonReader reader) =>
        JsonText.ReadOrSkip(ref reader)?.Trim() is { Length: >= 1 and <= 64 } status ? status.ToLowerInvariant() : null;

    private static long? ReadPackageId(ref Utf8JsonReader reader)
    {
        long id;
        var isInteger = reader.TokenType == JsonTokenType.Number
            ? reader.TryGetInt64(out id)
            : long.TryParse(JsonText.ReadOrSkip(ref reader)?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out id);
        return isInteger && id >= 1 ? id : null;
    }

    private static ParseResult.Rejected NotJson(string why) =>
        new(RejectionReason.InvalidJson, new Dictionary<string, string[]> { [Body] = [why] }, AccountId: null);

    private static ParseResult.Rejected Reject(Draft draft) =>
        new(RejectionReason.InvalidNotification, draft.Rejections(), draft.AccountId);

    /// <summary>The fields read so far, in any order, before validation.</summary>
    private sealed class Draft
    {
        private Dictionary<string, string[]>? _rejections;

        public string? Status { get; set; }

        public Guid? AccountId { get; set; }

        public long? PackageId { get; set; }

        public string? AccountApiId { get; set; }

        public string? UserId { get; set; }

        public string? CompleteParameter { get; set; }

        public IReadOnlyList<ReportedCycle>? Details { get; set; }

        public IReadOnlyList<string>? Errors { get; set; }

        public Warnings Warnings { get; } = new();

        public Draft Reject(string field, string why)
        {
            _rejections ??= [];
            _rejections.TryAdd(field, [why]);
            return this;
        }

        public Dictionary<string, string[]> Rejections() => _rejections ?? [];

        public ParseResult ToResult(int payloadOffset)
        {
            if (Status is null)
            {
                Reject(NotificationReader.Status, "is required: text of 1 to 64 characters.");
            }

            if (AccountId is null)
            {
                Reject(NotificationReader.AccountId, "is required: a GUID.");
            }

            if (PackageId is null)
            {
                Reject(NotificationReader.PackageId, "is required: an integer from 1 to 9223372036854775807.");
            }

            return _rejections is not null
                ? NotificationReader.Reject(this)
                : new ParseResult.Accepted(new Notification
                {
                    Status = Status!,
                    AccountId = AccountId!.Value,
                    PackageId = PackageId!.Value,
                    AccountApiId = AccountApiId,
                    UserId = UserId,
                    CompleteParameter = CompleteParameter,
                    Details = Details,
                    Errors = Errors,
                    Warnings = Warnings,
                }, payloadOffset);
        }
    }
}
