using Azure.Data.Tables;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Reconciling;

/// <summary>
/// A storage and a stand-in of Cyclr. Accounts a, b … have the AccountIds aaaaaaaa-…, bbbbbbbb-… and these names as API ids,
/// unless a test changes them.
/// </summary>
public abstract class ComparedAccounts(AzuriteFixture azurite) : IAsyncLifetime
{
    protected const string Template = "eeeeeeee-0000-0000-0000-000000000001";

    private int _minute;

    private protected CyclrStandIn Cyclr { get; private set; } = null!;

    private protected CyclrApi Api { get; private set; } = null!;

    private protected MaintenanceServices Services { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cyclr = await CyclrStandIn.StartAsync();
        Api = new CyclrApi(
            CyclrSettingsTests.Read(CyclrStandIn.ClientId, CyclrStandIn.ClientSecret, Cyclr.BaseUrl), new InstantDelays());
        Services = await MaintenanceServices.StartAsync(azurite);
    }

    public async ValueTask DisposeAsync()
    {
        await Services.DisposeAsync();
        Api.Dispose();
        await Cyclr.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected static string Account(char name) => $"{new string(name, 8)}-0000-0000-0000-000000000001";

    private protected static Guid Cycle(int number) => new($"cccccccc-0000-0000-0000-{number:x12}");

    private protected Task NotifyAsync(
        string status, char account, string? apiId = "", long package = 1, IEnumerable<Guid>? cycles = null) =>
        Services.ProjectAsync(
            Ids.Minute(++_minute),
            NotificationBody.Of(
                status, new Guid(Account(account)), package, apiId == "" ? $"{account}" : apiId, cycles, template: Template));

    private protected IAsyncEnumerable<ReconciledAccount> Start(string? account, string? after) =>
        Services.Get<Reconciliation>().RunAsync(Api, account, after, Cancellation);

    private protected async Task<List<ReconciledAccount>> RunAsync(string? account = null, string? after = null) =>
        await Start(account, after).ToListAsync(Cancellation);

    private protected Task<List<TableEntity>> RowsAsync() => Rows.ListAsync(Services.Clients.Reconciliations, Cancellation);

    private protected async Task<List<string>> DifferencesAsync() =>
        [.. (await RowsAsync()).Where(row => row.PartitionKey != "run").Select(row =>
            $"{row.PartitionKey} {row.RowKey}: {row.GetString("Expected")} {row.GetString("Actual")}")];
}
