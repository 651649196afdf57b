using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Installs;

public sealed class ColumnTextTests
{
    private readonly Warnings _warnings = new();

    [Theory]
    [InlineData(0)]
    [InlineData(31_999)]
    [InlineData(32_000)]
    public void Text_of_32000_characters_is_not_cut(int length)
    {
        var text = new string('x', length);

        Assert.Same(text, ColumnText.Text(text, "Field", _warnings));
        Assert.Empty(_warnings.ToList());
    }

    [Fact]
    public void Text_returns_null_for_null() => Assert.Null(ColumnText.Text(null, "Field", _warnings));

    [Fact]
    public void Longer_text_is_cut_at_32000_characters_and_listed()
    {
        Assert.Equal(new string('x', 32_000), ColumnText.Text(new string('x', 32_001), "Field", _warnings));
        Assert.Equal(["Field: cut at 32000 characters."], _warnings.ToList());
    }

    [Fact]
    public void Text_is_never_cut_inside_a_surrogate_pair()
    {
        Assert.Equal(new string('x', 31_999), ColumnText.Cut(new string('x', 31_999) + "👍"));
        Assert.Equal(new string('x', 31_998) + "👍", ColumnText.Cut(new string('x', 31_998) + "👍y"));
    }

    [Fact]
    public void Lists_are_written_as_readable_JSON()
    {
        CycleWebhook[] webhooks = [new("https://example.com/?a=1&b=2", "Schritt"), new(null, "no URL"), new(null, null)];

        Assert.Equal(
            """["Größe <b>'&+","日本","a\"b\\\n"]""",
            ColumnText.JsonArray((string[])["Größe <b>'&+", "日本", "a\"b\\\n"], "Errors", _warnings));
        Assert.Equal(
            """[{"Url":"https://example.com/?a=1&b=2","StepName":"Schritt"},{"StepName":"no URL"},{}]""",
            ColumnText.JsonArray(webhooks, "Webhooks", _warnings));
        Assert.Equal("[]", ColumnText.JsonArray(Array.Empty<string>(), "Errors", _warnings));
        Assert.Empty(_warnings.ToList());
    }

    [Fact]
    public void List_of_exactly_32000_characters_is_not_cut()
    {
        var one = ColumnText.JsonArray((string[])[new string('x', 31_996)], "Errors", _warnings);
        var two = ColumnText.JsonArray((string[])[new string('x', 15_000), new string('y', 16_993)], "Errors", _warnings);

        Assert.Equal((32_000, 32_000), (one.Length, two.Length));
        Assert.Empty(_warnings.ToList());
    }

    [Fact]
    public void Longer_list_is_cut_by_whole_elements_and_listed()
    {
        var array = ColumnText.JsonArray((string[])[new string('x', 15_000), new string('y', 16_994), "z"], "Errors", _warnings);

        Assert.Equal($"[\"{new string('x', 15_000)}\"]", array);
        Assert.Equal(["Errors: cut at 32000 characters."], _warnings.ToList());
    }

    [Fact]
    public void Empty_warnings_have_no_column() => Assert.Null(ColumnText.JsonArray(_warnings));
}
