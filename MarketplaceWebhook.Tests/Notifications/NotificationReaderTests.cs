using System.Text;
using System.Text.Json;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Notifications;

public sealed class NotificationReaderTests
{
    private const string Required = """
        "Status":"installed","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1234
        """;

    public static TheoryData<string> Accepted => Bodies.In("accepted");

    public static TheoryData<string> Refused => Bodies.In("refused");

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Accepts(string body) =>
        Golden.AssertIs(
            Bodies.ExpectationOf("accepted", body),
            ReadingJson.Of(Assert.IsType<ParseResult.Accepted>(NotificationReader.Read(Bodies.Read("accepted", body)))));

    [Theory]
    [MemberData(nameof(Refused))]
    public void Refuses(string body) =>
        Golden.AssertIs(
            Bodies.ExpectationOf("refused", body),
            ReadingJson.Of(Assert.IsType<ParseResult.Rejected>(NotificationReader.Read(Bodies.Read("refused", body)))));

    [Fact]
    public void Reads_2000_details_without_a_warning()
    {
        var notification = ReadDetails(2_000);

        Assert.Equal(2_000, notification.Details!.Count);
        Assert.Empty(notification.Warnings.ToList());
    }

    [Fact]
    public void Leaves_out_details_beyond_2000_and_says_how_many()
    {
        var notification = ReadDetails(2_003);

        Assert.Equal(2_000, notification.Details!.Count);
        Assert.DoesNotContain(CycleId(2_000), notification.Details.Select(detail => detail.CycleId));
        Assert.Equal(["MarketplaceInstallDetails: 3 details beyond 2000 skipped."], notification.Warnings.ToList());
    }

    [Fact]
    public void Names_50_warnings_and_counts_the_rest()
    {
        var warnings = Read($$"""{{{Required}},"Errors":[{{string.Join(',', Enumerable.Repeat("null", 60))}}]}""").Warnings.ToList();

        Assert.Equal(51, warnings.Count);
        Assert.Equal("Errors[49]: is not readable text; skipped.", warnings[49]);
        Assert.Equal("and 10 more", warnings[50]);
    }

    [Fact]
    public void Shows_all_of_50_warnings()
    {
        var warnings = Read($$"""{{{Required}},"Errors":[{{string.Join(',', Enumerable.Repeat("null", 50))}}]}""").Warnings.ToList();

        Assert.Equal(50, warnings.Count);
        Assert.All(warnings, warning => Assert.StartsWith("Errors[", warning, StringComparison.Ordinal));
    }

    [Fact]
    public void Never_repeats_a_value_in_a_refusal_or_a_warning()
    {
        var refused = NotificationReader.Read("""{"Status":["s3cret"],"AccountId":"s3cret","MarketplaceIntegrationPackageId":"s3cret" s3cret"""u8);
        var accepted = Read($$"""{{{Required}},"UserId":["s3cret"],"Errors":[{"s3cret":"s3cret"}]}""");

        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize(refused, refused.GetType(), Golden.Json), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize(accepted.Warnings.ToList()), StringComparison.Ordinal);
    }

    private static Notification ReadDetails(int count)
    {
        var details = string.Join(',', Enumerable.Range(0, count).Select(n => $$"""{"CycleId":"{{CycleId(n)}}"}"""));
        return Read($$"""{{{Required}},"MarketplaceInstallDetails":[{{details}}]}""");
    }

    private static Guid CycleId(int number) => new(number, 0, 0, new byte[8]);

    private static Notification Read(string body) =>
        Assert.IsType<ParseResult.Accepted>(NotificationReader.Read(Encoding.UTF8.GetBytes(body))).Notification;
}
