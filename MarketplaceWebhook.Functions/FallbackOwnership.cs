using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook;

/// <summary>
/// Lets the start fail if the fallback storage is that of another deployment. While it does not respond, the application starts:
/// without it, it is as available as without a fallback.
/// </summary>
/// <param name="fallback">Null without a fallback storage.</param>
internal sealed class FallbackOwnership(
    AppSettings settings, ILogger<FallbackOwnership> logger, FallbackStorage? fallback = null) : IHostedService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (fallback is null)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(Timeout);
        try
        {
            await fallback.ClaimAsync(settings.Storage, either.Token);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) && !cancellationToken.IsCancellationRequested)
        {
            Log.FallbackOwnerUnknown(logger, StorageErrors.Describe(e));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
