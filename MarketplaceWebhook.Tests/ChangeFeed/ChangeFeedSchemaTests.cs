using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using MarketplaceWebhook.ChangeFeed;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>docs/change-feed.schema.json describes the data of every message.</summary>
public sealed partial class ChangeFeedSchemaTests
{
    private const string Valid = """
        {"accountId":"11111111-2222-3333-4444-555555555555","packageId":1,"status":"started","isCurrent":true,"cycleCount":0,"source":"default"}
        """;

    private static readonly string Text = Repository.Read("docs/change-feed.schema.json");
    private static readonly JsonSchema Schema = JsonSchema.FromText(Text);

    private static readonly StatusChange Change = new()
    {
        Id = Ids.At(1),
        Source = SourceLabel.Default,
        Status = KnownStatus.Started,
        AccountId = Guid.Empty,
        PackageId = 1,
    };

    private static readonly Install Install = new()
    {
        PackageId = 1,
        Status = KnownStatus.Started,
        StatusNotificationId = Ids.At(1),
        Source = SourceLabel.Default,
    };

    [Fact]
    public void Data_of_every_message_is_valid()
    {
        string?[] texts = [null, "", "customer-42", new string('x', 2_001), string.Concat(Enumerable.Repeat("👍", 1_001))];
        var messages =
            from status in KnownStatus.All
            from text in texts
            from errors in (int?[])[null, 0, 3]
            select Data(
                Change with
                {
                    Status = status,
                    AccountApiId = text is "" ? null : text,
                    CompleteParameter = text,
                    PackageId = long.MaxValue,
                },
                Install with { ErrorCount = errors, CycleCount = 2 });

        Assert.All(messages, data => Assert.True(Schema.Evaluate(data).IsValid, data.GetRawText()));
    }

    [Fact]
    public void Names_are_those_that_are_written()
    {
        var longText = new string('x', 2_001);
        var data = Data(
            Change with { AccountApiId = longText, CompleteParameter = longText }, Install with { ErrorCount = 0 });

        Assert.Equal(
            data.EnumerateObject().Select(property => property.Name),
            JsonDocument.Parse(Text).RootElement.GetProperty("properties").EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Documented_message_is_valid()
    {
        var message = Message().Match(Repository.Read("docs/change-feed.md")).Groups["json"].Value;

        Assert.True(Schema.Evaluate(JsonDocument.Parse(message).RootElement.GetProperty("data")).IsValid);
    }

    [Theory]
    [InlineData("\"accountId\":\"11111111-2222-3333-4444-555555555555\",", "")]
    [InlineData("11111111-2222", "{11111111-2222")]
    [InlineData("\"packageId\":1", "\"packageId\":\"1\"")]
    [InlineData("started", NotificationBody.Unknown)]
    [InlineData("\"isCurrent\":true", "\"isCurrent\":null")]
    [InlineData("\"cycleCount\":0", "\"cycleCount\":-1")]
    [InlineData("default", "a b")]
    public void Data_with_a_missing_or_wrong_value_is_invalid(string value, string replacement)
    {
        Assert.True(Schema.Evaluate(JsonDocument.Parse(Valid).RootElement).IsValid);

        var wrong = Valid.Replace(value, replacement, StringComparison.Ordinal);

        Assert.NotEqual(Valid, wrong);
        Assert.False(Schema.Evaluate(JsonDocument.Parse(wrong).RootElement).IsValid);
    }

    private static JsonElement Data(StatusChange change, Install install) =>
        JsonDocument.Parse(ChangeEvent.Write(change, install)).RootElement.GetProperty("data");

    [GeneratedRegex("```\n(?<json>\\{\n  \"specversion\".*?)```", RegexOptions.Singleline)]
    private static partial Regex Message();
}
