namespace MarketplaceWebhook.Storage;

/// <summary>One page of a long list.</summary>
/// <param name="Continuation">Gives the next page; null: this is the last.</param>
public sealed record ResultPage<T>(IReadOnlyList<T> Items, string? Continuation);
