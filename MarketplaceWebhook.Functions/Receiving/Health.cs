using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Receiving;

/// <summary>Whether a notification would be taken now. Says nothing more: anybody may ask.</summary>
public sealed class Health(StorageHealth storage)
{
    public async Task<IResult> CheckAsync() => Responses.Health(await storage.IsHealthyAsync());
}
