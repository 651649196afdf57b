using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class TableKeysTests
{
    private static readonly Guid Account = Guid.Parse("ABCDEF01-2222-3333-4444-555555555555");
    private static readonly Guid CycleId = Guid.Parse("FEDCBA01-2222-3333-4444-555555555555");

    [Fact]
    public void Keys_are_spelled_as_in_the_contract()
    {
        var id = Id("2026-11-23T10:27:30.786Z");

        Assert.Equal("abcdef01-2222-3333-4444-555555555555", TableKeys.Account(Account));
        Assert.Equal("1234", TableKeys.Install(1234));
        Assert.Equal("1234_fedcba01-2222-3333-4444-555555555555", TableKeys.Cycle(1234, CycleId));
        Assert.Equal($"{id}.json", TableKeys.PayloadBlob(id));
        Assert.Equal($"dead/rejected/{id}", TableKeys.DeadLetterBlob(DeadLetter.Rejected, id));
        Assert.Equal(
            "PartitionKey eq 'abcdef01-2222-3333-4444-555555555555' and RowKey ge '1234' and RowKey lt '1234`' and PackageId eq 1234L",
            TableKeys.PackageFilter(Account, 1234));
    }

    [Theory]
    [InlineData("", ".json", true, false)]
    [InlineData("dead/rejected/", "", true, true)]
    [InlineData("dead/failed/", "", true, true)]
    [InlineData("dead/", "", true, true)] // as earlier versions wrote it
    [InlineData("dead/other/", "", false, true)]
    [InlineData("other/", ".json", false, false)]
    [InlineData("", "", false, false)]
    public void Blob_names_are_parsed_with_and_without_the_kind_of_a_dead_letter(
        string before, string after, bool isOurs, bool isDeadLetter)
    {
        var id = Id("2026-11-23T10:27:30.786Z");

        Assert.Equal(isOurs, TableKeys.TryParseBlob($"{before}{id}{after}", out var parsed, out var isParsedAsDeadLetter));

        Assert.Equal(isDeadLetter, isParsedAsDeadLetter);
        Assert.Equal(isOurs ? id : default, parsed);
    }

    [Fact]
    public void Keys_of_Reconciliations_are_valid_for_any_text()
    {
        var unknown = ReconciliationKeys.UnknownAccount("Acme / #1?");

        Assert.Equal("api-218e30041a019e7fbbd0b0357cd22048d19745ace86e0762f5e97995aca6aa43", unknown);
        Assert.True(ReconciliationKeys.IsUnknownAccount(unknown));
        Assert.False(ReconciliationKeys.IsUnknownAccount("api-Acme"));
        Assert.Equal(
            "cycle-errors_1234_fedcba01-2222-3333-4444-555555555555",
            ReconciliationKeys.Difference(Difference(DifferenceKind.CycleErrors) with { PackageId = 1234, CycleId = CycleId }));
        Assert.Equal(
            "possible-missed-install_fedcba01-2222-3333-4444-555555555555",
            ReconciliationKeys.Difference(
                Difference(DifferenceKind.PossibleMissedInstall) with { PackageId = 1, TemplateId = CycleId.ToString("B") }));
        Assert.Matches(
            "^possible-missed-install_[0-9a-f]{64}$",
            ReconciliationKeys.Difference(Difference(DifferenceKind.PossibleMissedInstall) with { TemplateId = "a/b" }));
        Assert.Equal("not-accessible", ReconciliationKeys.Difference(Difference(DifferenceKind.NotAccessible)));

        static ReconciliationDifference Difference(string kind) => new() { Kind = kind, Detail = "" };
    }

    [Theory]
    [InlineData("2026-11-23T10:27:30.786Z", "2516068711492139999")]
    [InlineData("1970-01-01T00:00:00.000Z", "2534023007999999999")]
    [InlineData("9999-12-31T23:59:59.999Z", "0000000000000009999")]
    public void Row_keys_begin_with_19_digits_that_decrease_over_time(string time, string digits) =>
        Assert.Equal($"{digits}_{Id(time)}", TableKeys.NewestFirst(Id(time)));

    [Fact]
    public void Row_keys_sort_the_newest_millisecond_first()
    {
        NotificationId[] oldestFirst =
            [Id("1970-01-01T00:00:00.000Z"), Id(
                "2026-11-23T10:27:30.785Z"), Id("2026-11-23T10:27:30.786Z"), Id("2286-11-20T17:46:40.000Z")];

        Assert.Equal(
            oldestFirst.Reverse().Select(TableKeys.NewestFirst),
            oldestFirst.Select(TableKeys.NewestFirst).Order(StringComparer.Ordinal));
    }

    private static NotificationId Id(string time) =>
        NotificationId.Create(
            DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), 0, 42);
}
