using System.Text.Json.Nodes;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Projecting;

/// <summary>
/// Each folder of Bodies/scenarios holds bodies in the order of their arrival, one second apart, and the rows that they end in.
/// </summary>
public sealed class ScenarioTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    public static TheoryData<string> Scenarios => Bodies.FoldersIn("scenarios");

    public static TheoryData<string> Documented => Bodies.In("documented");

    [Theory]
    [MemberData(nameof(Documented))]
    public async Task Documented_body_gives_its_rows_delivered_twice(string name)
    {
        var message = Message.Of(1, Bodies.Read("documented", name));

        await AssertRowsAsync(Bodies.ExpectationOf("documented", name), [message, message]);
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Scenario_gives_its_rows(string scenario) =>
        await AssertRowsAsync(RowsOf(scenario), MessagesOf(scenario));

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Scenario_gives_its_rows_with_every_message_twice_and_the_last_first(string scenario) =>
        await AssertRowsAsync(RowsOf(scenario), [.. MessagesOf(scenario).AsEnumerable().Reverse(), .. MessagesOf(scenario)]);

    private async Task AssertRowsAsync(string expectation, IReadOnlyList<string> messages)
    {
        await using var app = new TestApp(_storage);
        foreach (var message in messages)
        {
            await app.Get<Projector>().ProjectAsync(message, Cancellation);
        }

        Golden.AssertIs(expectation, new JsonObject
        {
            ["Installs"] = await Rows.ReadAsync(app.Storage.Installs, Cancellation),
            ["StatusChanges"] = await Rows.ReadAsync(app.Storage.StatusChanges, Cancellation),
        });
        Assert.Empty(await Rows.ListAsync(app.Storage.DeadLetters, Cancellation));
    }

    private static string RowsOf(string scenario) => Bodies.ExpectationOf($"scenarios/{scenario}", "rows");

    private static List<string> MessagesOf(string scenario) =>
        [.. Bodies.In($"scenarios/{scenario}")
            .Select((name, index) => Message.Of(index + 1, Bodies.Read($"scenarios/{scenario}", name)))];
}
