using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using MarketplaceWebhook.ChangeFeed;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.ChangeFeed;

public sealed class ChangeEventTests
{
    private static readonly Guid Account = new("11111111-2222-3333-4444-555555555555");

    public static TheoryData<string> Statuses => [.. KnownStatus.All];

    [Fact]
    public void Event_is_written_as_in_the_contract() =>
        Assert.Equal(
            """
            {"specversion":"1.0","id":"019b76da-afd0-7000-8000-000000000002","source":"/cyclr/marketplace/eu-shop",
            "type":"com.cyclr.marketplace.installed","time":"2026-01-01T00:00:02.000Z",
            "subject":"11111111-2222-3333-4444-555555555555/1234","datacontenttype":"application/json",
            "data":{"accountId":"11111111-2222-3333-4444-555555555555","accountApiId":"Größe <1>","packageId":1234,
            "status":"installed","isCurrent":true,"errorCount":3,"cycleCount":2,"completeParameter":"done","source":"eu-shop"}}
            """.ReplaceLineEndings(""),
            Text(
                Change(2, KnownStatus.Installed) with { AccountApiId = "Größe <1>", CompleteParameter = "done" },
                Install(2) with { ErrorCount = 3, CycleCount = 2 }));

    [Fact]
    public void Absent_values_have_no_name() =>
        Assert.Equal(
            ["accountId", "packageId", "status", "isCurrent", "cycleCount", "source"],
            Data(Change(2, KnownStatus.Stopped), Install(2)).EnumerateObject().Select(property => property.Name));

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Event_is_current_if_the_install_has_its_status_from_it(int second, bool isCurrent) =>
        Assert.Equal(
            isCurrent, Data(Change(2, KnownStatus.Started), Install(second)).GetProperty("isCurrent").GetBoolean());

    [Theory]
    [MemberData(nameof(Statuses))]
    public void Event_is_a_valid_CloudEvent(string status)
    {
        var message = ChangeEvent.Write(Change(2, status) with { AccountApiId = "\u202e\"\u0001" }, Install(2));

        var parsed = new JsonEventFormatter().DecodeStructuredModeMessage(
            message, contentType: null, extensionAttributes: null);

        Assert.True(parsed.IsValid);
        Assert.Equal(CloudEventsSpecVersion.V1_0, parsed.SpecVersion);
        Assert.Equal(
            (Ids.At(2).ToString(), $"com.cyclr.marketplace.{status}", $"{Account}/1234", "application/json"),
            (parsed.Id, parsed.Type, parsed.Subject, parsed.DataContentType));
        Assert.Equal((Ids.At(2).ReceivedAt, "/cyclr/marketplace/eu-shop"), (parsed.Time, parsed.Source!.OriginalString));
        Assert.Empty(parsed.ExtensionAttributes);
        Assert.Equal("\u202e\"\u0001", Assert.IsType<JsonElement>(parsed.Data).GetProperty("accountApiId").GetString());
    }

    [Theory]
    [InlineData("accountApiId", "\u0001", 2_000)]
    [InlineData("completeParameter", "€", 2_000)]
    [InlineData("completeParameter", "👍", 1_000)]
    public void Text_over_2000_characters_is_cut_and_listed(string name, string character, int count)
    {
        var text = string.Concat(Enumerable.Repeat(character, count));
        var change = Change(2, KnownStatus.Started) with { AccountApiId = "id", CompleteParameter = "done" };

        var exact = Data(With(change, name, text), Install(2));
        var longer = Data(With(change, name, text + character), Install(2));

        Assert.Equal((text, false), (exact.GetProperty(name).GetString(), exact.TryGetProperty("truncated", out _)));
        Assert.Equal(text, longer.GetProperty(name).GetString());
        Assert.Equal([name], longer.GetProperty("truncated").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public void Text_is_never_cut_inside_a_surrogate_pair()
    {
        var change = Change(2, KnownStatus.Started) with { CompleteParameter = new string('x', 1_999) + "👍" };

        Assert.Equal(new string('x', 1_999), Data(change, Install(2)).GetProperty("completeParameter").GetString());
    }

    [Theory]
    [InlineData('\u0001')]
    [InlineData('"')]
    [InlineData('€')]
    public void Longest_event_is_below_45_KiB(char character)
    {
        var text = new string(character, 32_000);
        var change = Change(2, KnownStatus.Uninstalled) with
        {
            AccountApiId = text,
            CompleteParameter = text,
            PackageId = long.MaxValue,
            Source = new string('s', 32),
        };

        var install = Install(2) with { ErrorCount = int.MaxValue, CycleCount = int.MaxValue };

        Assert.InRange(ChangeEvent.Write(change, install).Length, 1, Envelope.MaxBytes - 1);
        Assert.Equal(
            ["accountApiId", "completeParameter"],
            Data(change, install).GetProperty("truncated").EnumerateArray().Select(one => one.GetString()));
    }

    private static StatusChange With(StatusChange change, string name, string text) =>
        name == "accountApiId" ? change with { AccountApiId = text } : change with { CompleteParameter = text };

    private static JsonElement Data(StatusChange change, Install install) =>
        JsonDocument.Parse(ChangeEvent.Write(change, install)).RootElement.GetProperty("data");

    private static string Text(StatusChange change, Install install) =>
        Encoding.UTF8.GetString(ChangeEvent.Write(change, install).Span);

    private static StatusChange Change(int second, string status) => new()
    {
        Id = Ids.At(second),
        Source = "eu-shop",
        Status = status,
        AccountId = Account,
        PackageId = 1234,
    };

    private static Install Install(int second) => new()
    {
        PackageId = 1234,
        Status = KnownStatus.Stopped,
        StatusNotificationId = Ids.At(second),
        Source = "default",
    };
}
