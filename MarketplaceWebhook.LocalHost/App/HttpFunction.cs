namespace MarketplaceWebhook.LocalHost.App;

/// <summary>A function with exactly one httpTrigger and one http output.</summary>
/// <param name="Route">Without the prefix.</param>
/// <param name="Methods">Empty means all methods.</param>
public sealed record HttpFunction(
    string Name, string BindingName, string Route, IReadOnlyList<string> Methods, AuthLevel AuthLevel);

public enum AuthLevel
{
    Function,
    Anonymous,
    Admin,
}
