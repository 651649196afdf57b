using System.Net;
using System.Text;
using MarketplaceWebhook.Cli.Dashboard;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>The page of `dashboard`: it shows a storage account, and cannot change it.</summary>
[Collection(nameof(Chromium))]
public sealed class ReadOnlyDashboardTests(ReadOnlyDashboard running, AzuriteFixture azurite) : IClassFixture<ReadOnlyDashboard>
{
    private const string Secret = "secret-hook";

    private static readonly HashSet<string> ReadingMethods = ["GET", "HEAD"];

    private static readonly HttpStatusCode[] NoEndpoint = [HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed];

    [Fact]
    public async Task Endpoints_that_change_something_do_not_exist()
    {
        var account = Guid.NewGuid();
        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", account));
        var id = await RecordAsync(DeadLetter.Failed, NotificationBody.Of("started", account));
        var before = await StoredAsync(account);
        var routes = RoutesOf(new LocalDashboard(AnySettings, "key", Task.FromResult<string?>(null)));
        var writes = routes.Where(route => route.Methods.Any(method => !ReadingMethods.Contains(method))).ToList();

        foreach (var path in routes.Select(route => route.Path.Replace("{kind}/{id}", $"failed/{id}", StringComparison.Ordinal)))
        {
            foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete])
            {
                using var response = await running.SendAsync(method, path);
                Assert.Contains(response.StatusCode, NoEndpoint);
            }
        }

        Assert.Equal(
            ["/page/deadletters/{kind}/{id}/redrive", "/page/scenario", "/page/send"],
            writes.Select(route => route.Path).Order(StringComparer.Ordinal));
        Assert.All(RoutesOf(ReadOnlyDashboard.PageOf(AnySettings)), route => Assert.Equal(["GET"], route.Methods));
        Assert.Equal(before, await StoredAsync(account));
    }

    /// <summary>A reader may not create tables, and an account that was never used has none.</summary>
    [Fact]
    public async Task Empty_account_reads_as_empty_and_nothing_is_created()
    {
        var (storage, fallback) = (azurite.NewAccount(), azurite.NewAccount());
        await using var page = ReadOnlyDashboard.PageOf(new AppSettings
        {
            Storage = StorageSettings.FromConnectionString(storage),
            Fallback = StorageSettings.FromConnectionString(fallback),
            ChangeFeed = "never-created",
        });
        await using var server = await PageServer.StartAsync(port: 0, page.Map, Cancellation);
        page.Start();
        using var http = new HttpClient();

        foreach (var path in RoutesOf(page).Select(route => route.Path).Where(path => path != "/page/events"))
        {
            using var response = await ReadOnlyDashboard.SendAsync(
                http, server, page, HttpMethod.Get,
                path.Replace("{accountId:guid}", $"{Guid.Empty}", StringComparison.Ordinal)
                    .Replace("{kind}/{id}", $"failed/{NewId()}", StringComparison.Ordinal)
                    .Replace("{id}", $"{NewId()}", StringComparison.Ordinal) + "?minutes=60&apiId=x");
            Assert.Equal(
                path.Contains("{id}", StringComparison.Ordinal) ? HttpStatusCode.NotFound : HttpStatusCode.OK,
                response.StatusCode);
        }

        Assert.Empty(await ResourcesAsync(storage));
        Assert.Empty(await ResourcesAsync(fallback));
    }

    [Fact]
    public async Task Page_says_which_account_it_shows_and_hides_what_it_cannot_do()
    {
        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", Guid.NewGuid(), apiId: "Shown Ltd"));
        var id = await RecordAsync(DeadLetter.Rejected, "{}");
        await using var tab = await running.OpenAsync();

        var name = running.Services.Clients.AccountName;
        await Expect(tab.Page.Locator($"#dead-letters > li[data-id='{id}']")).ToBeVisibleAsync();
        await Expect(tab.Page).ToHaveTitleAsync($"{name} · read-only · MarketplaceWebhook");
        await Expect(tab.Page.Locator("#shown-account")).ToHaveTextAsync($"{name} · read-only");
        foreach (var hidden in (string[])["#side", "#chip-health", "#chip-live + .writes", "#feed-scroll", "#counts-chart"])
        {
            await Expect(tab.Page.Locator(hidden)).ToBeHiddenAsync();
        }

        await Expect(tab.Page.GetByRole(AriaRole.Button, new() { Name = "Redrive" })).ToHaveCountAsync(0);
        await Expect(tab.Page.Locator("#status-rows tr").Filter(new() { HasText = "Messages in the fallback storage" }))
            .ToBeVisibleAsync();
    }

    [Fact]
    public async Task Account_is_found_and_shown_without_the_secrets_in_webhook_urls()
    {
        var (account, name) = (Guid.NewGuid(), $"Searched {Guid.NewGuid()}");
        var installed = NewId();
        await running.Services.ProjectAsync(
            installed, NotificationBody.Of("installed", account, 42, name, cycles: [Guid.NewGuid()]));
        await using var tab = await running.OpenAsync();

        await tab.Page.GetByPlaceholder("API id begins with").FillAsync(name[..20]);
        await tab.Row(account, 42).GetByRole(AriaRole.Link).ClickAsync();

        await Expect(tab.Page.Locator("#account-title")).ToHaveTextAsync(name);
        await Expect(tab.Page.Locator("#account-use")).ToBeHiddenAsync();
        await Expect(tab.Page.Locator(".secret")).ToHaveTextAsync("https://example.com/••••••••");
        await tab.Page.Locator("#history-rows").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(tab.Page.Locator("#history-rows pre")).ToContainTextAsync("https://example.com/••••••••");
        foreach (var path in (string[])["", "/history", $"/history/{installed}"])
        {
            using var response = await running.SendAsync(HttpMethod.Get, $"/page/accounts/{account}{path}");
            Assert.DoesNotContain(Secret, await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Body_of_a_dead_letter_is_shown_without_the_secrets_in_webhook_urls()
    {
        var id = await RecordAsync(
            DeadLetter.Rejected, """{"Webhooks":[{"Url":"https:\/\/example.com\/secret-hook"}], cut off""");
        await using var tab = await running.OpenAsync();
        var deadLetter = tab.Page.Locator($"#dead-letters > li[data-id='{id}']");

        await deadLetter.GetByRole(AriaRole.Button, new() { Name = "Body" }).ClickAsync();

        await Expect(deadLetter.Locator("pre")).ToHaveTextAsync(
            """{"Webhooks":[{"Url":"https:\/\/example.com/••••••••"}], cut off""");
    }

    [Fact]
    public async Task Refresh_reads_the_account_again()
    {
        var (account, other) = (Guid.NewGuid(), Guid.NewGuid());
        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", account));
        await using var tab = await running.OpenAsync();
        await Expect(tab.Row(account, 1)).ToBeVisibleAsync();

        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("started", account));
        await RecordAsync(DeadLetter.Failed, NotificationBody.Of("started", other));
        await tab.Page.Locator("#refresh").ClickAsync();

        await Expect(tab.Row(account, 1).Locator(".badge").First).ToHaveTextAsync("started");
        await Expect(tab.Page.Locator("#dead-letters").GetByText(other.ToString())).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#chip-live")).ToContainTextAsync("As of ");
    }

    [Fact]
    public async Task Change_feed_is_shown()
    {
        var id = NewId();
        await running.Services.ProjectAsync(id, NotificationBody.Of("started", Guid.NewGuid()));

        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator($"#change-feed-messages li[data-id='{id}']")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Erased_account_is_gone_from_the_page()
    {
        var account = Guid.NewGuid();
        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", account, apiId: "Erased Ltd"));
        await using var tab = await running.OpenAsync();
        await tab.Row(account, 1).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(tab.Page.Locator("#account-title")).ToHaveTextAsync("Erased Ltd");

        await InProcessCli.RunAsync(running.Services.ConnectionString, "erase", account.ToString(), "--yes", "--wait", "0s");
        await tab.Page.Locator("#refresh").ClickAsync();

        await Expect(tab.Page.Locator("#account-title")).ToHaveTextAsync("Unknown account");
        await Expect(tab.Page.Locator("#history-count")).ToHaveTextAsync("0 notifications shown");
    }

    [Fact]
    public async Task Complete_api_id_is_found_and_the_count_says_when_there_are_no_more()
    {
        var name = $"Exact {Guid.NewGuid()}";
        var (exact, longer) = (Guid.NewGuid(), Guid.NewGuid());
        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", exact, apiId: name));
        await using var tab = await running.OpenAsync();

        await tab.Page.GetByPlaceholder("API id begins with").FillAsync(name);
        await Expect(tab.Page.Locator("#installs-count")).ToHaveTextAsync("1 install shown");
        await Expect(tab.Row(exact, 1)).ToBeVisibleAsync();

        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", longer, apiId: $"{name} Ltd"));
        await tab.Page.Locator("#refresh").ClickAsync();
        await Expect(tab.Page.Locator("#installs-count")).ToHaveTextAsync("2 installs shown");
        await Expect(tab.Row(longer, 1)).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#installs-more")).ToBeHiddenAsync();
    }

    [Theory]
    [InlineData(false, "The fallback storage denied access")]
    [InlineData(true, "The fallback storage did not respond in time")]
    public async Task Failing_fallback_storage_is_a_problem_next_to_the_state_of_the_first(bool hangs, string problem)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        using var broken = proxy.Break(hangs ? Fault.NoResponse : Fault.Forbidden);
        await using var page = ReadOnlyDashboard.PageOf(new AppSettings
        {
            Storage = StorageSettings.FromConnectionString(services.ConnectionString),
            Fallback = StorageSettings.FromConnectionString(proxy.ConnectionString),
            TimeLimits = new TimeLimits { Maintenance = TimeSpan.FromSeconds(1) },
        });
        await using var server = await PageServer.StartAsync(port: 0, page.Map, Cancellation);
        page.Start();
        await using var tab = await running.OpenAsync(
            page.UrlOn(server.BaseAddress), new TabOptions { HasFailedRequests = true });

        await Expect(tab.Page.Locator("#status-problems")).ToContainTextAsync(problem);
        await Expect(tab.Page.Locator("#status-rows tr").First).ToContainTextAsync("Messages on the queue");
        await Expect(tab.Page.Locator("#status-text")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Notification_that_waits_in_the_fallback_storage_is_counted()
    {
        await running.Services.Fallback.Queue.SendAsync(
            new ReceivedNotification(
                NewId(), SourceLabel.Default, TraceParent: null, UserAgent: null, Guid.NewGuid(),
                Encoding.UTF8.GetBytes(NotificationBody.Of("started", Guid.NewGuid()))),
            Cancellation);

        await using var tab = await running.OpenAsync();

        await Expect(tab.Page.Locator("#status-rows tr").Filter(new() { HasText = "Messages in the fallback storage" }))
            .ToContainTextAsync("oldest received");
    }

    [Fact]
    public async Task Account_shows_its_dead_letters_and_packages_with_errors_first()
    {
        var account = Guid.NewGuid();
        await running.Services.ProjectAsync(NewId(), NotificationBody.Of("installed", account, 1));
        await running.Services.ProjectAsync(NewId(), WithError("installed", account, 2));
        await running.Services.ProjectAsync(NewId(), WithError("installed", account, 3));
        await running.Services.ProjectAsync(NewId(), WithError("uninstalled", account, 3));
        var id = await RecordAsync(DeadLetter.Failed, NotificationBody.Of("started", account));
        await RecordAsync(DeadLetter.Failed, NotificationBody.Of("started", Guid.NewGuid()));
        await using var tab = await running.OpenAsync();

        await tab.Page.GetByPlaceholder("Account id").FillAsync(account.ToString());
        await tab.Row(account, 2).GetByRole(AriaRole.Link).ClickAsync();

        var deadLetters = tab.Page.Locator("#account-dead-letters > li");
        await Expect(deadLetters).ToHaveCountAsync(1);
        await Expect(deadLetters).ToHaveAttributeAsync("data-id", id.ToString());
        await Expect(tab.Page.Locator("#account-dead-count")).ToHaveTextAsync("1 dead letter shown");
        await Expect(tab.Page.Locator(".package").First).ToContainTextAsync("needs a person");
        await Expect(tab.Page.Locator(".package.failing")).ToHaveCountAsync(1);
        await Expect(tab.Page.Locator(".package.failing h3")).ToHaveTextAsync("Package 2");
    }

    [Fact]
    public async Task Status_counts_installs_and_what_the_last_reconcile_found()
    {
        await running.Services.ProjectAsync(NewId(), WithError("stopped", Guid.NewGuid(), 1));
        await running.Services.ProjectAsync(NewId(), WithError("installed", Guid.NewGuid(), 1));
        var table = running.Services.Get<ReconciliationTable>();
        await table.ReplaceAsync(
            $"{Guid.NewGuid()}", "Acme",
            [new ReconciliationDifference { Kind = DifferenceKind.MissingCycle, PackageId = 1, Detail = "why" }], Ids.Start,
            Cancellation);
        await table.FinishRunAsync(Ids.Start, Ids.Start, after: null, accounts: 1, differences: 1, Cancellation);

        await using var tab = await running.OpenAsync();

        var rows = tab.Page.Locator("#status-rows tr");
        await Expect(rows.Filter(new() { HasText = "missing-cycle" })).ToContainTextAsync("1");
        await Expect(rows.Filter(new() { HasText = "Differences from Cyclr" }))
            .ToContainTextAsync("reconcile finished 2026-01-01");
        await Expect(rows.Filter(new() { HasText = "stopped" })).ToBeVisibleAsync();
        await Expect(rows.Filter(new() { HasTextRegex = new("^installed") })).ToContainTextAsync("with errors");
    }

    private static string WithError(string status, Guid account, long package) =>
        $$"""{"Errors":["no consent"],{{NotificationBody.Of(status, account, package)[1..]}}""";

    private static AppSettings AnySettings =>
        new() { Storage = StorageSettings.FromConnectionString("UseDevelopmentStorage=true"), ChangeFeed = "any" };

    private static NotificationId NewId() => NotificationId.Create(
        DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), counter: 0, (ulong)Random.Shared.NextInt64());

    private static List<(string Path, IReadOnlyList<string> Methods)> RoutesOf(LocalDashboard page)
    {
        IEndpointRouteBuilder routes = WebApplication.CreateSlimBuilder().Build();
        page.Map(routes);
        return
        [
            .. routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .Where(route => route.RoutePattern.RawText!.StartsWith("/page", StringComparison.Ordinal))
                .Select(route => (route.RoutePattern.RawText!, route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)),
        ];
    }

    private async Task<NotificationId> RecordAsync(string kind, string body)
    {
        var id = NewId();
        await running.Services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = kind,
                Id = id,
                Reason = kind == DeadLetter.Failed ? FailureReason.ProjectionFailed : RejectionReason.InvalidJson,
                Detail = "why",
                AccountId = NotificationReader.Read(Encoding.UTF8.GetBytes(body)) is ParseResult.Accepted accepted
                    ? accepted.Notification.AccountId : null,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = body.Length,
            },
            Cancellation);
        return id;
    }

    /// <summary>The account's rows, and everything on the queue.</summary>
    private async Task<List<string>> StoredAsync(Guid account)
    {
        var clients = running.Services.Clients;
        await clients.CreateMissingAsync(Cancellation);
        var rows = await running.Services.Get<InstallTable>().ReadRowsAsync(account.ToString(), Cancellation)
            .Concat(running.Services.Get<StatusChangeLog>().ReadAsync(account.ToString(), Cancellation))
            .Select(MaintenanceServices.Text).ToListAsync(Cancellation);
        var deadLetters = await running.Services.Get<DeadLetterTable>().ReadAsync(DeadLetter.Failed, since: null, Cancellation)
            .Where(deadLetter => deadLetter.AccountId == account.ToString())
            .Select(deadLetter => MaintenanceServices.Text(deadLetter.Row)).ToListAsync(Cancellation);
        var messages = (await clients.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;
        return [.. rows, .. deadLetters, $"{messages} messages"];
    }

    private static async Task<List<string>> ResourcesAsync(string connection)
    {
        var tables = new Azure.Data.Tables.TableServiceClient(connection).QueryAsync(cancellationToken: Cancellation);
        var queues = new Azure.Storage.Queues.QueueServiceClient(connection).GetQueuesAsync(cancellationToken: Cancellation);
        var containers = new Azure.Storage.Blobs.BlobServiceClient(connection).GetBlobContainersAsync(
            cancellationToken: Cancellation);
        return
        [
            .. await tables.Select(table => table.Name).ToListAsync(Cancellation),
            .. await queues.Select(queue => queue.Name).ToListAsync(Cancellation),
            .. await containers.Select(container => container.Name).ToListAsync(Cancellation),
        ];
    }
}
