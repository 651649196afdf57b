using System.Globalization;
using System.Text.Json;

namespace MarketplaceWebhook.Maintenance;

/// <summary>
/// Whether a text from outside names an account: a body by its AccountId, or by its AccountApiId where no AccountId can be
/// read; a message by its payload; and what is no JSON by the id standing anywhere in it.
/// </summary>
public sealed class AccountMatcher(Guid accountId, IReadOnlyCollection<string> apiIds)
{
    private readonly string[] spellings = [accountId.ToString("D"), accountId.ToString("N")];

    public bool IsIn(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object && IsIn(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return spellings.Any(spelling => text.Contains(spelling, StringComparison.OrdinalIgnoreCase));
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
