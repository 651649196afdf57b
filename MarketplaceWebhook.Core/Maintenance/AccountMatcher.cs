using System.Globalization;
using System.Text.Json;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Decides whether a text from outside belongs to an account: a body by its AccountId, or by its AccountApiId if it has no
/// readable AccountId; a message by its payload; a text that is not JSON by containing the id.
/// </summary>
public sealed class AccountMatcher(Guid accountId, IReadOnlyCollection<string> apiIds)
{
    private readonly string[] _spellings = [accountId.ToString("D"), accountId.ToString("N")];

    public bool IsIn(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object && IsIn(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return _spellings.Any(spelling => text.Contains(spelling, StringComparison.OrdinalIgnoreCase));
        }
    }

    private bool IsIn(JsonElement body)
    {
        var names = false;
        var hasAccountId = false;
        foreach (var property in body.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.String))
        {
            var value = property.Value.GetString();
            if (Is(property, "AccountId"))
            {
                var isGuid = Guid.TryParse(value, CultureInfo.InvariantCulture, out var id);
                hasAccountId |= isGuid;
                names |= isGuid && id == accountId;
            }
            else if (Is(property, "payload"))
            {
                names |= IsIn(value!);
            }
        }

        return names || (!hasAccountId && body.EnumerateObject().Any(property =>
            Is(property, "AccountApiId") && property.Value.ValueKind == JsonValueKind.String
                && apiIds.Contains(property.Value.GetString()!)));
    }

    private static bool Is(JsonProperty property, string name) => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
