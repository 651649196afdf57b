using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class ReconcileCommandTests(AzuriteFixture azurite)
{
    private const string Template = "eeeeeeee-0000-0000-0000-000000000001";

    private static readonly Guid Acme = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid Denied = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly Guid Agrees = new("cccccccc-0000-0000-0000-000000000003");

    [Fact]
    public async Task Results_and_errors_are_approved()
    {
        await using var services = await PrepareAsync();
        await using var cyclr = await StartCyclrAsync();
        var text = new StringBuilder();

        await AppendAsync(cyclr.Environment, "reconcile");
        await AppendAsync(cyclr.Environment, "reconcile Agrees");
        await AppendAsync(cyclr.Environment, "reconcile Denied --json");
        await AppendAsync(cyclr.Environment, $"reconcile --after {Agrees}");
        await AppendAsync(cyclr.Environment, "reconcile unknown");
        await AppendAsync(cyclr.Environment, "reconcile --after x");
        await AppendAsync(cyclr.Environment, $"reconcile Acme --after {Acme}");
        await AppendAsync(new Dictionary<string, string>(), "reconcile");
        await AppendAsync(
            new Dictionary<string, string>(cyclr.Environment) { ["CYCLR_BASE_URL"] = "http://api.cyclr.com/v1.0" }, "reconcile");
        await AppendAsync(
            new Dictionary<string, string>(cyclr.Environment) { ["CYCLR_CLIENT_SECRET"] = "wrong-secret" }, "reconcile");
        cyclr.Before = request => request.Account == "Agrees" ? (401, null) : null;
        await AppendAsync(cyclr.Environment, "reconcile");

        var transcript = text.ToString();
        foreach (var secret in (string[])[CyclrStandIn.ClientId, CyclrStandIn.ClientSecret, "wrong-secret", "secret-token"])
        {
            Assert.DoesNotContain(secret, transcript, StringComparison.Ordinal);
        }

        Approved.AssertIs("reconcile", transcript);

        async Task AppendAsync(IReadOnlyDictionary<string, string> environment, string command)
        {
            text.Append(await Transcript.OfAsync(
                arguments => InProcessCli.RunAsync(services.ConnectionString, environment, arguments), command));
        }
    }

    [Fact]
    public async Task Rows_are_those_that_are_printed_as_JSON()
    {
        await using var services = await PrepareAsync();
        await using var cyclr = await StartCyclrAsync();

        var result = await InProcessCli.RunAsync(services.ConnectionString, cyclr.Environment, ["reconcile", "--json"]);

        var json = JsonNode.Parse(result.Output)!;
        Assert.Equal((2, 4), (result.ExitCode, (int)json["accounts"]!));
        var rows = await Rows.ListAsync(services.Clients.Reconciliations, Cancellation);
        Assert.Equal(
            rows.Where(row => row.PartitionKey != "run").Select(row => string.Join(
                " | ", row.PartitionKey, row.GetString("AccountApiId"), row.GetString("Kind"), row.GetString("CycleId"),
                row.GetString("TemplateId"), row.GetString("Detail"))).Order(StringComparer.Ordinal),
            (from account in json["differing"]!.AsArray()
             from difference in account["differences"]!.AsArray()
             select string.Join(
                 " | ", account["account"], account["accountApiId"], difference["kind"], difference["cycleId"],
                 difference["templateId"], difference["detail"])).Order(StringComparer.Ordinal));
    }

    private static Guid Cycle(int number) => new($"dddddddd-0000-0000-0000-{number:x12}");

    private async Task<MaintenanceServices> PrepareAsync()
    {
        var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(
            Ids.Minute(1),
            NotificationBody.Of(
                "installed", Acme, apiId: "Acme", cycles: Enumerable.Range(1, 4).Select(Cycle), template: Template));
        await services.ProjectAsync(Ids.Minute(2), NotificationBody.Of("installed", Denied, apiId: "Denied"));
        await services.ProjectAsync(Ids.Minute(3), NotificationBody.Of("installed", Agrees, apiId: "Agrees"));
        return services;
    }

    private static async Task<CyclrStandIn> StartCyclrAsync()
    {
        var cyclr = await CyclrStandIn.StartAsync();
        cyclr.Add(
            "Acme", new StandInCycle(Cycle(1), Template), new StandInCycle(Cycle(2), Template, "Paused"),
            new StandInCycle(Cycle(3), Template, Errors: 7));
        cyclr.Add("Agrees", new StandInCycle(Cycle(6), "of no package"));
        cyclr.Accounts.Add(new StandInAccount("Denied") { IsAccessible = false });
        cyclr.Add("Missed & Co", new StandInCycle(Cycle(5), Template));
        return cyclr;
    }
}
