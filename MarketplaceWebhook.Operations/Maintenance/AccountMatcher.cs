using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Decides whether a text from outside belongs to an account. A JSON object belongs to the AccountId in it. Without a readable
/// one, the account's id anywhere in it is enough, or a known AccountApiId under that name. The same holds for text that is not
/// JSON, such as the beginning of a body. A message is decided by its payload.
/// </summary>
public sealed partial class AccountMatcher(Guid accountId, IReadOnlyCollection<string> apiIds)
{
    private const RegexOptions Options =
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline;

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
            return Contains(text) || HasApiId(text) || (IsEscaped(text) && HasApiId(Unescaped(text)));
        }
    }

    /// <param name="text">Not JSON, but it may have parts that are.</param>
    private bool HasApiId(string text)
    {
        var ids = Ids().Matches(text).Select(match => (IsApiId: match.Groups["api"].Success, Text: Value(match))).ToList();
        return ids.Any(id => id.IsApiId && apiIds.Contains(id.Text))
            && !ids.Any(id => !id.IsApiId && Guid.TryParse(id.Text, CultureInfo.InvariantCulture, out _));
    }

    private static string Value(Match match)
    {
        try
        {
            using var value = JsonDocument.Parse(match.Groups["value"].Value);
            return value.RootElement.GetString()!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    /// <summary>A body as text in another JSON text.</summary>
    private static bool IsEscaped(string text) => text.Contains("\\\"", StringComparison.Ordinal);

    private static string Unescaped(string text) =>
        text.Replace("\\\"", "\"", StringComparison.Ordinal).Replace(@"\\", @"\", StringComparison.Ordinal);

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

    [GeneratedRegex(""" "Account(?<api>Api)?Id"\s*:\s*(?<value>"(?:[^"\\]|\\.)*") """, Options)]
    private static partial Regex Ids();
}
