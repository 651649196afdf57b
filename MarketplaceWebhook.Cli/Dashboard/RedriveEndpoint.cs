using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>Redrives one dead letter, like the command `redrive`.</summary>
internal sealed class RedriveEndpoint(DeadLetterTable deadLetters, Redrive redrive, PageEvents pages)
{
    public void Map(IEndpointRouteBuilder page) => page.MapPost("/deadletters/{kind}/{id}/redrive", RedriveAsync);

    private sealed record RedriveView(bool IsSent, string? Why);

    private async Task<IResult> RedriveAsync(string kind, string id, CancellationToken aborted)
    {
        if (!NotificationId.TryParse(id, out var notificationId)
            || (await deadLetters.FindAsync(notificationId, aborted))
            .FirstOrDefault(found => found.Kind == kind) is not { } deadLetter)
        {
            return TypedResults.NotFound();
        }

        var result = await redrive.RedriveAsync(deadLetter, dryRun: false, aborted);
        if (result.Outcome == RedriveOutcome.Sent)
        {
            pages.Publish("deadletters", new { });
        }

        return TypedResults.Ok(new RedriveView(result.Outcome == RedriveOutcome.Sent, result.Why));
    }
}
