using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>What the command `redrive` does with one dead letter.</summary>
internal sealed class RedriveEndpoint(DeadLetterTable letters, Redrive redrive, PageEvents pages)
{
    public void Map(IEndpointRouteBuilder page) => page.MapPost("/deadletters/{kind}/{id}/redrive", RedriveAsync);

    private sealed record RedrivenView(bool IsSent, string? Why);

    private async Task<IResult> RedriveAsync(string kind, string id, CancellationToken aborted)
    {
        if (!NotificationId.TryParse(id, out var notificationId)
            || (await letters.FindAsync(notificationId, aborted)).FirstOrDefault(letter => letter.Kind == kind) is not { } letter)
        {
            return TypedResults.NotFound();
        }

        var redriven = await redrive.RedriveAsync(letter, dryRun: false, aborted);
        if (redriven.Outcome == RedriveOutcome.Sent)
        {
            pages.Publish("deadletters", new { });
        }

        return TypedResults.Ok(new RedrivenView(redriven.Outcome == RedriveOutcome.Sent, redriven.Why));
    }
}
