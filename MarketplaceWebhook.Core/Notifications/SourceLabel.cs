namespace MarketplaceWebhook.Notifications;

/// <summary>The label of the sending marketplace, from the URL: the body does not identify it.</summary>
public static class SourceLabel
{
    public const string Default = "default";
    public const string Field = "source";
    public const string Rule = "must be 1 to 32 characters of A-Z, a-z, 0-9 and -.";

    /// <returns>Null if the label is invalid.</returns>
    public static string? Read(string? label) => label switch
    {
        null or "" => Default,
        { Length: <= 32 } when label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') => label,
        _ => null,
    };
}
