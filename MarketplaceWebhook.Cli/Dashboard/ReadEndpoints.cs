using System.Text;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The content of the tables and of the change feed, for the page.</summary>
/// <param name="feed">Null without a change feed.</param>
internal sealed class ReadEndpoints(
    InstallQueries installs, AccountLookup lookup, StatusChangeQueries history, DeadLetterQueries deadLetterPages,
    DeadLetterTable deadLetters, StatusCheck status, StorageClients clients, AboutView about, TimeProvider time,
    ChangeFeedQueue? feed = null)
{
    public const int InstallsPerPage = 25;
    private const int ChangesPerPage = 25;
    private const int DeadLettersPerPage = 20;

    /// <summary>Beyond these limits the page says that there is more.</summary>
    public const int MaxCounted = 100_000;
    public const int MaxTimelineChanges = 1_000;

    private static readonly TimeSpan LongestRange = TimeSpan.FromDays(31);

    public void Map(IEndpointRouteBuilder page)
    {
        page.MapGet("/status", GetStatusAsync);
        page.MapGet("/status/fallback", GetFallbackStatusAsync);
        page.MapGet("/status/installs", status.CountInstallsAsync);
        page.MapGet("/installs", ListInstallsAsync);
        page.MapGet("/installs/indexed", ListIndexedAsync);
        page.MapGet("/accounts/{accountId:guid}", ReadAccountAsync);
        page.MapGet("/accounts/{accountId:guid}/history", ListChangesAsync);
        page.MapGet("/accounts/{accountId:guid}/history/{id}", GetPayloadAsync);
        page.MapGet("/accounts/{accountId:guid}/timeline", GetTimelineAsync);
        page.MapGet("/accounts/{accountId:guid}/deadletters", ListDeadLettersOfAsync);
        page.MapGet("/counts", CountAsync);
        page.MapGet("/changefeed", PeekChangeFeedAsync);
        page.MapGet("/deadletters", ListDeadLettersAsync);
        page.MapGet("/deadletters/{kind}/{id}", GetBodyAsync);
    }

    /// <summary>The same as `status --json`.</summary>
    private async Task<StatusJson> GetStatusAsync(CancellationToken aborted)
    {
        var since = time.GetUtcNow() - StatusCheck.DefaultPeriod;
        return StatusJson.Of(await status.RunAsync(since, aborted), clients.Description, since);
    }

    /// <summary>
    /// Separate from <see cref="GetStatusAsync"/>: an account that fails, or whose messages have to be waited for, does not hide
    /// the state of the other.
    /// </summary>
    private async Task<IResult> GetFallbackStatusAsync(CancellationToken aborted)
    {
        if (await status.CheckFallbackAsync(aborted) is not { } state)
        {
            return TypedResults.NotFound();
        }

        var report = new StatusReport { Fallback = state, FallbackCheck = await FindFallbackCheckAsync(aborted) };
        return TypedResults.Ok(StatusJson.Of(report, clients.Description, time.GetUtcNow()));
    }

    /// <summary>In the primary storage, whose failure shows elsewhere.</summary>
    private async Task<FallbackCheckResult?> FindFallbackCheckAsync(CancellationToken aborted)
    {
        try
        {
            return await FallbackCheckResult.FindAsync(clients, aborted);
        }
        catch (Exception exception) when (StorageErrors.IsStorage(exception) && !aborted.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<ListView<InstallView>> ListInstallsAsync(
        string? account, string? apiId, string? status, bool? errors, string? continuation, CancellationToken aborted)
    {
        var found = await installs.ListAsync(
            new InstallQueries.Filter(account?.Trim(), apiId, status, errors == true), InstallsPerPage, continuation, aborted);
        return new ListView<InstallView>(
            [.. found.Items.Select(i => InstallView.Of(i.AccountId, i.Install))], found.Continuation);
    }

    /// <summary>Those of a complete AccountApiId, found through the index before a search has read all installs.</summary>
    private async Task<IReadOnlyList<InstallView>> ListIndexedAsync(string apiId, string? status, CancellationToken aborted)
    {
        var found = new List<InstallView>();
        foreach (var id in await lookup.FindIndexedAsync(apiId, aborted))
        {
            found.AddRange((await installs.ReadAccountAsync(id, aborted))
                .Select(package => package.Install).OfType<Install>()
                .Where(install => install.AccountApiId == apiId
                    && (string.IsNullOrEmpty(status) || install.Status.Equals(status, StringComparison.OrdinalIgnoreCase)))
                .Select(install => InstallView.Of(id, install)));
        }

        return found;
    }

    private async Task<IReadOnlyList<PackageView>> ReadAccountAsync(Guid accountId, CancellationToken aborted) =>
    [
        .. (await installs.ReadAccountAsync(accountId, aborted))
            .Where(package => package.Install is not null)
            .Select(package => PackageView.Of(package, package.Install!, masksUrls: !about.CanWrite)),
    ];

    private async Task<ListView<ChangeView>> ListChangesAsync(Guid accountId, string? continuation, CancellationToken aborted)
    {
        var found = await history.ListAsync(accountId, ChangesPerPage, continuation, aborted);
        return new ListView<ChangeView>([.. found.Items.Select(ChangeView.Of)], found.Continuation);
    }

    private async Task<IResult> GetPayloadAsync(Guid accountId, string id, CancellationToken aborted) =>
        NotificationId.TryParse(id, out var notificationId)
        && await history.GetPayloadAsync(accountId, notificationId, aborted) is { } payload
            ? TypedResults.Text(Shown(payload))
            : TypedResults.NotFound();

    private async Task<IReadOnlyList<Timeline>> GetTimelineAsync(Guid accountId, CancellationToken aborted) =>
        Timeline.Of((await history.ListAsync(accountId, MaxTimelineChanges, continuation: null, aborted)).Items);

    private async Task<StatusCounts> CountAsync(int minutes, CancellationToken aborted)
    {
        var range = TimeSpan.FromMinutes(Math.Clamp(minutes, 1, LongestRange.TotalMinutes));
        var from = StatusCounts.Start(range, time.GetUtcNow());
        var found = await history.ListSinceAsync(from, MaxCounted, aborted);
        return StatusCounts.Of(found, from, range, isCut: found.Count == MaxCounted);
    }

    private async Task<IResult> PeekChangeFeedAsync(CancellationToken aborted) => feed is null
        ? TypedResults.NotFound()
        : TypedResults.Ok(new ChangeFeedView(feed.Name, await feed.PeekAsync(aborted)));

    private async Task<IResult> ListDeadLettersAsync(string? kind, string? continuation, CancellationToken aborted)
    {
        if (kind is not (null or "" or DeadLetter.Rejected or DeadLetter.Failed))
        {
            return TypedResults.NotFound();
        }

        return TypedResults.Ok(await ReadDeadLettersAsync(kind is "" ? null : kind, account: null, continuation, aborted));
    }

    private Task<ListView<DeadLetterView>> ListDeadLettersOfAsync(
        Guid accountId, string? continuation, CancellationToken aborted) =>
        ReadDeadLettersAsync(kind: null, accountId, continuation, aborted);

    private async Task<ListView<DeadLetterView>> ReadDeadLettersAsync(
        string? kind, Guid? account, string? continuation, CancellationToken aborted)
    {
        var found = await deadLetterPages.ListAsync(kind, account, DeadLettersPerPage, continuation, aborted);
        return new ListView<DeadLetterView>([.. found.Items.Select(DeadLetterView.Of)], found.Continuation);
    }

    private async Task<IResult> GetBodyAsync(string kind, string id, CancellationToken aborted) =>
        NotificationId.TryParse(id, out var notificationId)
        && (await deadLetters.FindAsync(notificationId, aborted)).FirstOrDefault(found => found.Kind == kind) is { } deadLetter
        && await deadLetters.GetBodyAsync(deadLetter, aborted) is { } body
            ? TypedResults.Text(Shown(Encoding.UTF8.GetString(body.Span)))
            : TypedResults.NotFound();

    private string Shown(string body) => about.CanWrite ? body : UrlMask.Of(body);
}
