using System.Text;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Storage;

/// <summary>What the dashboard reads: pages, filters, and one account.</summary>
public sealed class DashboardQueriesTests(AzuriteFixture azurite)
{
    private static readonly Guid Acme = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Other = new("bbbbbbbb-0000-0000-0000-000000000002");

    /// <summary>It is in a blob.</summary>
    private static string LongBody { get; } =
        NotificationBody.Of("installed", Other, 1, "Other", padding: new string('x', 60_000));

    [Theory]
    [InlineData(null, null, null, "Acme 1, Acme 2, Other 1")]
    [InlineData("AAAA", null, null, "Acme 1, Acme 2")]
    [InlineData("{BBBBBBBB-0000-0000-0000-000000000002}", null, null, "Other 1")]
    [InlineData(null, "Oth", null, "Other 1")]
    [InlineData(null, null, "STOPPED", "Acme 2")]
    [InlineData("aaaa", "Acme", "installed", "Acme 1")]
    public async Task Installs_are_filtered(string? account, string? apiId, string? status, string expected)
    {
        await using var services = await PrepareAsync();
        var queries = new InstallQueries(services.Clients, TimeProvider.System);

        var page = await queries.ListAsync(new(account, apiId, status), size: 10, continuation: null, Cancellation);

        Assert.Equal(
            expected,
            string.Join(", ", page.Items.Select(found => $"{found.Install.AccountApiId} {found.Install.PackageId}").Order()));
        Assert.Empty((await queries.ListAsync(new(account, apiId, status, HasErrors: true), 10, null, Cancellation)).Items);
    }

    [Fact]
    public async Task Installs_are_read_in_pages_and_by_account_with_their_cycles()
    {
        await using var services = await PrepareAsync();
        var queries = new InstallQueries(services.Clients, TimeProvider.System);

        var first = await queries.ListAsync(new(), size: 2, continuation: null, Cancellation);
        var second = await queries.ListAsync(new(), size: 2, first.Continuation, Cancellation);

        Assert.Equal([2L, 1L, 1L], first.Items.Concat(second.Items).Select(found => found.Install.PackageId));
        var packages = await queries.ReadAccountAsync(Acme, Cancellation);
        Assert.Equal([(1L, 1), (2L, 0)], packages.Select(package => (package.PackageId, package.Cycles.Count)));
        Assert.Empty(await queries.ReadAccountAsync(Guid.NewGuid(), Cancellation));
    }

    [Fact]
    public async Task Notifications_are_read_newest_first_in_pages_with_their_bodies()
    {
        await using var services = await PrepareAsync();
        var queries = new StatusChangeQueries(services.Clients, services.Get<PayloadBlobs>());

        var first = await queries.ListAsync(Acme, size: 2, continuation: null, Cancellation);
        var second = await queries.ListAsync(Acme, size: 2, first.Continuation, Cancellation);

        Assert.Equal(
            [Ids.Minute(3), Ids.Minute(2), Ids.Minute(1)], first.Items.Concat(second.Items).Select(change => change.Id));
        Assert.Equal(
            NotificationBody.Of("stopped", Acme, 2, "Acme"), await queries.GetPayloadAsync(Acme, Ids.Minute(3), Cancellation));
        Assert.Equal(LongBody, await queries.GetPayloadAsync(Other, Ids.Minute(4), Cancellation));
        Assert.Null(await queries.GetPayloadAsync(Acme, Ids.Minute(9), Cancellation));
        Assert.Equal(2, (await queries.ListSinceAsync(Ids.Start.AddMinutes(3), limit: 10, Cancellation)).Count);
        Assert.Single(await queries.ListSinceAsync(Ids.Start, limit: 1, Cancellation));
    }

    [Fact]
    public async Task Dead_letters_of_both_kinds_are_read_newest_first_in_pages()
    {
        await using var services = await PrepareAsync();
        foreach (var (kind, minute) in ((string, int)[])[("failed", 5), ("rejected", 6), ("failed", 7)])
        {
            await services.Get<DeadLetterTable>().RecordAsync(
                new DeadLetter
                {
                    Kind = kind,
                    Id = Ids.Minute(minute),
                    Reason = RejectionReason.InvalidJson,
                    Detail = "why",
                    Body = Encoding.UTF8.GetBytes("no JSON"),
                    BodyLength = 7,
                },
                Cancellation);
        }

        var queries = new DeadLetterQueries(services.Clients);

        var first = await queries.ListAsync(kind: null, account: null, size: 2, continuation: null, Cancellation);
        var second = await queries.ListAsync(kind: null, account: null, size: 2, first.Continuation, Cancellation);

        Assert.Equal(
            ["failed", "rejected", "failed"], first.Items.Concat(second.Items).Select(deadLetter => deadLetter.Kind));
        Assert.Null(second.Continuation);
        Assert.Null(first.Items[0].Body);
        Assert.Equal(
            Ids.Minute(6), Assert.Single((await queries.ListAsync("rejected", null, 2, null, Cancellation)).Items).Id);
    }

    private async Task<MaintenanceServices> PrepareAsync()
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Acme, 1, "Acme", [Acme]));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Acme, 2, "Acme"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("stopped", Acme, 2, "Acme"));
        await services.ProjectAsync(Ids.Minute(4), LongBody);
        return services;
    }
}
