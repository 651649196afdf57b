using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Reconciling;

public sealed class CycleComparisonTests
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly Guid CycleId = new("cccccccc-0000-0000-0000-00000000000a");

    private static readonly Dictionary<Guid, string> NoneDenied = [];

    /// <summary>Statuses by minute; the cycle was reported in minute 1.</summary>
    [Theory]
    [InlineData("installed 1", "Active", "Active", null)]
    [InlineData("installed 1", "Active", "ACTIVE", null)]
    [InlineData("installed 1", "Active", "Paused", "Active")]
    [InlineData("installed 1", "Paused", "Active", "Paused")]
    [InlineData("installed 1", "Anything", "anything", null)]
    [InlineData("installed 1", null, "Paused", null)]
    [InlineData("installed 1", "Active", null, "Active")]
    [InlineData("installed 1, stopped 2", "Active", "Paused", null)]
    [InlineData("installed 1, stopped 2", "Active", "Active", "not Active")]
    [InlineData("stopped 1", "Active", "active", "not Active")]
    [InlineData("installed 1, started 2", "Paused", "Active", null)]
    [InlineData("installed 1, started 2", "Paused", "Paused", "Active")]
    [InlineData("started 1", "Paused", "Paused", null)]
    [InlineData("started 0, installed 1", "Paused", "Paused", null)]
    [InlineData("stopped 0, installed 1", "Active", "Active", null)]
    [InlineData("installed 1, stopped 2, installed 3", "Active", "Paused", null)]
    [InlineData("installed 1, stopped 2, installed 3", "Active", "Active", "not Active")]
    [InlineData("installed 1, stopped 2, started 3", "Active", "Paused", "Active")]
    [InlineData("installed 1, started 2, stopped 3, installed 4", "Active", "Active", "not Active")]
    public void Status_is_compared_with_the_latest_that_is_known(
        string history, string? reported, string? actual, string? expected)
    {
        var package = PackageOf(history, reported);

        var found = CycleComparison.OfReportedCycles(
            [package], new Dictionary<Guid, CyclrCycle> { [CycleId] = new(CycleId.ToString(), actual, null, 0) }, NoneDenied);

        Assert.Equal(
            expected is null ? [] : [(DifferenceKind.UnexpectedStatus, expected, actual)],
            found.Select(one => (one.Kind, one.Expected!, one.Actual)));
    }

    [Fact]
    public void Errors_are_reported_besides_the_status()
    {
        var found = CycleComparison.OfReportedCycles(
            [PackageOf("installed 1", "Active")],
            new Dictionary<Guid, CyclrCycle> { [CycleId] = new(CycleId.ToString(), "Paused", null, 3) }, NoneDenied).ToList();

        Assert.Equal([DifferenceKind.UnexpectedStatus, DifferenceKind.CycleErrors], found.Select(one => one.Kind));
        Assert.Equal((1, CycleId, "0", "3"), (found[1].PackageId, found[1].CycleId!.Value, found[1].Expected, found[1].Actual));
    }

    [Theory]
    [InlineData("installed 1", "template a", false)]
    [InlineData("installed 1, stopped 2", "template a", false)]
    [InlineData("installed 1, uninstalled 2", "template a", true)]
    [InlineData("", "template a", true)]
    [InlineData("", "{FEDCBA01-2222-3333-4444-555555555555}", true)]
    [InlineData("", "template of no package", false)]
    [InlineData("", null, false)]
    public void Cycles_of_a_known_template_without_a_live_install_are_a_possible_missed_install(
        string history, string? template, bool isReported)
    {
        var stored = new InstalledAccounts();
        stored.Add(TemplateRow(package: 1, "template a"));
        stored.Add(TemplateRow(package: 1, "fedcba01-2222-3333-4444-555555555555"));

        var found = CycleComparison.OfUnreportedCycles(
            history == "" ? [] : [PackageOf(history, "Active")], [new(CycleId.ToString(), "Active", template, 0)], stored);

        Assert.Equal(
            isReported ? [(DifferenceKind.PossibleMissedInstall, 1L)] : [],
            found.Select(one => (one.Kind, one.PackageId!.Value)));
    }

    [Fact]
    public void Template_of_several_packages_is_reported_once_and_not_if_one_of_them_is_installed()
    {
        var stored = new InstalledAccounts();
        stored.Add(TemplateRow(package: 1, "template"));
        stored.Add(TemplateRow(package: 20, "template"));
        CyclrCycle[] cycles = [new("x", "Active", "template", 0), new("y", "Active", "template", 0)];

        var found = Assert.Single(CycleComparison.OfUnreportedCycles([], cycles, stored));

        Assert.Null(found.PackageId);
        Assert.StartsWith("Cyclr has 2 cycles of this template of package 1 or 20", found.Detail, StringComparison.Ordinal);
        Assert.Empty(CycleComparison.OfUnreportedCycles([PackageOf("installed 1", "Active")], cycles, stored));
    }

    private static RawRow TemplateRow(long package, string template) => new(
        Account.ToString(), TableKeys.Cycle(package, CycleId),
        new Dictionary<string, object>
        {
            [Columns.Kind] = EntityMapping.CycleKind,
            [Columns.PackageId] = package,
            [Columns.TemplateId] = template,
        });

    private static Package PackageOf(string history, string? cycleStatus)
    {
        var package = new Package(Account, 1);
        foreach (var part in history.Split(", "))
        {
            var (status, minute) = (part.Split(' ')[0], int.Parse(part.Split(' ')[1], null));
            package = Fold.Apply(package, new StatusChange
            {
                Id = Ids.Minute(minute),
                Source = SourceLabel.Default,
                Status = status,
                AccountId = Account,
                PackageId = 1,
                Cycles = minute == 1
                    ? [new Cycle
                    {
                        PackageId = 1,
                        CycleId = CycleId,
                        CycleStatus = cycleStatus,
                        WebhookCount = 0,
                        Webhooks = "[]",
                        NotificationId = Ids.Minute(minute),
                    }]
                    : null,
            });
        }

        return package;
    }
}
