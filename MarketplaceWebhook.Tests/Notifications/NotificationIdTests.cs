using System.Globalization;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Notifications;

public sealed class NotificationIdTests
{
    private const string Text = "01920000-0000-7000-8000-000000000000";

    [Fact]
    public void Id_has_version_variant_time_counter_and_random_bits_as_in_RFC_9562()
    {
        var id = NotificationId.Create(0x0192_3456_789A, 0xBCD, 0xFFFF_1234_5678_9ABC);

        Assert.Equal("01923456-789a-7bcd-bfff-123456789abc", id.ToString());
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(0x0192_3456_789A), id.ReceivedAt);
        Assert.Equal(7, Guid.Parse(id.ToString(), CultureInfo.InvariantCulture).Version);
    }

    [Fact]
    public void Id_survives_a_round_trip_through_its_text()
    {
        var id = NotificationId.Create(1_763_900_000_123, 17, 42);

        Assert.True(NotificationId.TryParse(id.ToString(), out var parsed));
        Assert.Equal(id, parsed);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_763_900_000_123), parsed.ReceivedAt);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("01920000-0000-7000-8000-00000000000")]
    [InlineData("01920000-0000-7000-8000-0000000000000")]
    [InlineData(" 01920000-0000-7000-8000-000000000000")]
    [InlineData("01920000-0000-7000-8000-00000000000A")]
    [InlineData("01920000-0000-7000-8000-00000000000g")]
    [InlineData("{1920000-0000-7000-8000-00000000000}")]
    [InlineData("019200000000-7000-8000-000000000000-")]
    [InlineData("01920000_0000_7000_8000_000000000000")]
    [InlineData("01920000-0000-4000-8000-000000000000")]
    [InlineData("01920000-0000-7000-0000-000000000000")]
    [InlineData("01920000-0000-7000-c000-000000000000")]
    [InlineData("ffffffff-ffff-7000-8000-000000000000")]
    public void Id_in_another_spelling_is_not_parsed(string? text) => Assert.False(NotificationId.TryParse(text, out _));

    [Fact]
    public void Id_order_equals_text_order()
    {
        string[] texts =
        [
            Text,
            "01920000-0000-7000-8000-000000000001",
            "01920000-0000-7000-9000-000000000000",
            "01920000-0000-7001-8000-000000000000",
            "01920000-0001-7000-8000-000000000000",
            "0192a000-0000-7000-8000-000000000000",
        ];

        Assert.Equal(texts.Order(StringComparer.Ordinal), texts.Reverse().Select(Parse).Order().Select(id => id.ToString()));
        Assert.True(Parse(texts[0]) < Parse(texts[1]));
        Assert.True(Parse(texts[1]) > Parse(texts[0]));
        Assert.True(Parse(texts[0]) <= Parse(Text) && Parse(texts[0]) >= Parse(Text));
    }

    private static NotificationId Parse(string text) =>
        NotificationId.TryParse(text, out var id) ? id : throw new FormatException(text);
}
