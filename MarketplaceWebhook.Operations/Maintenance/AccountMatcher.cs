using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Decides whether a text from outside belongs to an account. A JSON object belongs to the AccountId in it. Without a readable
/// one, and in any other text, the account's id anywhere in it is enough, or a known AccountApiId under that name. A message is
/// decided by its payload.
/// </summary>
public sealed class AccountMatcher(Guid accountId, IReadOnlyCollection<string> apiIds)
{
    private readonly SearchValues<string> _spellings =
        SearchValues.Create([accountId.ToString("D"), accountId.ToString("N")], StringComparison.OrdinalIgnoreCase);

    public bool IsIn(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return IsIn(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return Contains(text);
        }
    }

    private bool IsIn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => IsInObject(value),
        JsonValueKind.Array => value.EnumerateArray().Any(IsIn),
        JsonValueKind.String => Contains(value.GetString()!),
        _ => false,
    };

    private bool IsInObject(JsonElement body)
    {
        var accountIds = Texts(body, "AccountId")
            .Where(text => Guid.TryParse(text, CultureInfo.InvariantCulture, out _))
            .Select(text => Guid.Parse(text, CultureInfo.InvariantCulture)).ToList();
        return accountIds.Count > 0
            ? accountIds.Contains(accountId)
            : Texts(body, "AccountApiId").Any(apiIds.Contains) || body.EnumerateObject().Any(IsIn);
    }

    private bool IsIn(JsonProperty property) =>
        Is(property, "payload") && property.Value.ValueKind == JsonValueKind.String
            ? IsIn(property.Value.GetString()!)
            : Contains(property.Name) || IsIn(property.Value);

    private bool Contains(string text) => text.AsSpan().ContainsAny(_spellings);

    private static IEnumerable<string> Texts(JsonElement body, string name) => body.EnumerateObject()
        .Where(property => property.Value.ValueKind == JsonValueKind.String && Is(property, name))
        .Select(property => property.Value.GetString()!);

    private static bool Is(JsonProperty property, string name) => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
