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

    public static TheoryData<string> Rejected => Bodies.In("rejected");

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Accepts(string body) =>
        Golden.AssertIs(
            Bodies.ExpectationOf("accepted", body),
            ReadingJson.Of(Assert.IsType<ParseResult.Accepted>(NotificationReader.Read(Bodies.Read("accepted", body)))));

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Rejects(string body) =>
        Golden.AssertIs(
            Bodies.ExpectationOf("rejected", body),
            ReadingJson.Of(Assert.IsType<ParseResult.Rejected>(NotificationReader.Read(Bodies.Read("rejected", body)))));

    [Fact]
    public void Body_with_2000_details_has_no_warning()
    {
        var notification = ReadDetails(2_000);

        Assert.Equal(2_000, notification.Details!.Count);
        Assert.Empty(notification.Warnings.ToList());
    }

    [Fact]
    public void Details_beyond_2000_are_skipped_and_counted()
    {
        var notification = ReadDetails(2_003);

        Assert.Equal(2_000, notification.Details!.Count);
        Assert.DoesNotContain(CycleId(2_000), notification.Details.Select(detail => detail.CycleId));
        Assert.Equal(["MarketplaceInstallDetails: 3 details beyond 2000 skipped."], notification.Warnings.ToList());
    }

    [Fact]
    public void Warnings_beyond_50_are_counted()
    {
        var warnings = Read(
            $$"""{{{Required}},"Errors":[{{string.Join(',', Enumerable.Repeat("null", 60))}}]}""").Warnings.ToList();

        Assert.Equal(51, warnings.Count);
        Assert.Equal("Errors[49]: is empty; skipped.", warnings[49]);
        Assert.Equal("and 10 more", warnings[50]);
    }

    [Fact]
    public void All_of_50_warnings_are_listed()
    {
        var warnings = Read(
            $$"""{{{Required}},"Errors":[{{string.Join(',', Enumerable.Repeat("null", 50))}}]}""").Warnings.ToList();

        Assert.Equal(50, warnings.Count);
        Assert.All(warnings, warning => Assert.StartsWith("Errors[", warning, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("null", null)]
    [InlineData("[]", 0)]
    [InlineData("\"\"", 0)]
    [InlineData("false", 0)]
    [InlineData("{ }", 0)]
    [InlineData("[null,\"\",{},false,[]]", 0)]
    [InlineData("\" \"", 1)]
    [InlineData("true", 1)]
    [InlineData("0", 1)]
    [InlineData("{\"Message\":null}", 1)]
    [InlineData("[[null]]", 1)]
    public void Errors_that_are_not_empty_are_counted(string errors, int? count) =>
        Assert.Equal(count, Read($$"""{{{Required}},"Errors":{{errors}}}""").Errors?.Count);

    [Fact]
    public void Values_never_appear_in_errors_or_warnings()
    {
        var rejected = NotificationReader.Read(
            """{"Status":["s3cret"],"AccountId":"s3cret","MarketplaceIntegrationPackageId":"s3cret" s3cret"""u8);
        var accepted = Read(
            $$"""{{{Required}},"UserId":["s3cret"],"Errors":[{"s3cret":"s3cret"}],"MarketplaceInstallDetails":"s3cret"}""");

        Assert.DoesNotContain(
            "s3cret", JsonSerializer.Serialize(rejected, rejected.GetType(), Golden.Json), StringComparison.Ordinal);
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
