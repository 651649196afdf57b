using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Receiving;

/// <summary>Whether a notification would be accepted now. Reports nothing more, because the endpoint is anonymous.</summary>
public sealed class Health(StorageHealth storage, FallbackCheck fallback)
{
    public async Task<IResult> CheckAsync()
    {
        fallback.StartIfDue();
        return Responses.Health(await storage.IsHealthyAsync());
    }
}
