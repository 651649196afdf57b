using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Tests.Telemetry;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("Example Account", "Example Account")]
    [InlineData("Größe 東京 😀 [bold]", "Größe 東京 😀 [bold]")]
    [InlineData(null, "")]
    public void Readable_text_stays_as_it_is(string? text, string expected) => Assert.Equal(expected, SafeText.Of(text));

    [Theory]
    [InlineData("\u001b[31mred", @"\u{1B}[31mred")]
    [InlineData("two\r\nlines", @"two\u{D}\u{A}lines")]
    [InlineData("c1\u009b2J", @"c1\u{9B}2J")]
    [InlineData("evil\u202egpj.exe", @"evil\u{202E}gpj.exe")]
    [InlineData("iso\u2066late\u2069", @"iso\u{2066}late\u{2069}")]
    [InlineData("zero\u200bwidth", @"zero\u{200B}width")]
    [InlineData("line\u2028separator", @"line\u{2028}separator")]
    [InlineData("tag\U000E0041", @"tag\u{E0041}")]
    public void Control_and_invisible_characters_are_escaped(string text, string expected) =>
        Assert.Equal(expected, SafeText.Of(text));

    [Fact]
    public void Lone_surrogate_is_escaped() => Assert.Equal(@"a\u{D83D}b", SafeText.Of("a\ud83db"));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "abcde…")]
    [InlineData("abc😀", 4, "abc…")]
    [InlineData("a", 0, "…")]
    public void Long_text_is_cut_but_not_inside_a_surrogate_pair(string text, int maxLength, string expected) =>
        Assert.Equal(expected, SafeText.Of(text, maxLength));
}
