using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Installs;

public sealed class ColumnTextTests
{
    private readonly Warnings warnings = new();

    [Theory]
    [InlineData(0)]
    [InlineData(31_999)]
    [InlineData(32_000)]
    public void Hold_up_to_32000_characters_whole(int length)
    {
        var text = new string('x', length);

        Assert.Same(text, ColumnText.Text(text, "Field", warnings));
        Assert.Empty(warnings.ToList());
    }

    [Fact]
    public void Are_absent_where_the_text_is() => Assert.Null(ColumnText.Text(null, "Field", warnings));

    [Fact]
    public void Cut_longer_text_at_32000_characters_and_name_it()
    {
        Assert.Equal(new string('x', 32_000), ColumnText.Text(new string('x', 32_001), "Field", warnings));
        Assert.Equal(["Field: cut at 32000 characters."], warnings.ToList());
    }

    [Fact]
    public void Never_cut_inside_a_surrogate_pair()
    {
        Assert.Equal(new string('x', 31_999), ColumnText.Cut(new string('x', 31_999) + "👍"));
        Assert.Equal(new string('x', 31_998) + "👍", ColumnText.Cut(new string('x', 31_998) + "👍y"));
    }

    [Fact]
    public void Write_lists_as_json_that_people_can_read()
    {
        CycleWebhook[] webhooks = [new("https://example.com/?a=1&b=2", "Schritt"), new(null, "no URL"), new(null, null)];

        Assert.Equal("""["Größe <b>'&+","日本","a\"b\\\n"]""", ColumnText.JsonArray((string[])["Größe <b>'&+", "日本", "a\"b\\\n"], "Errors", warnings));
        Assert.Equal(
            """[{"Url":"https://example.com/?a=1&b=2","StepName":"Schritt"},{"StepName":"no URL"},{}]""",
            ColumnText.JsonArray(webhooks, "Webhooks", warnings));
        Assert.Equal("[]", ColumnText.JsonArray(Array.Empty<string>(), "Errors", warnings));
        Assert.Empty(warnings.ToList());
    }

    [Fact]
    public void Hold_a_list_of_exactly_32000_characters_whole()
    {
        var one = ColumnText.JsonArray((string[])[new string('x', 31_996)], "Errors", warnings);
        var two = ColumnText.JsonArray((string[])[new string('x', 15_000), new string('y', 16_993)], "Errors", warnings);

        Assert.Equal((32_000, 32_000), (one.Length, two.Length));
        Assert.Empty(warnings.ToList());
    }

    [Fact]
    public void Cut_a_longer_list_by_whole_elements_and_name_it()
    {
        var array = ColumnText.JsonArray((string[])[new string('x', 15_000), new string('y', 16_994), "z"], "Errors", warnings);

        Assert.Equal($"[\"{new string('x', 15_000)}\"]", array);
        Assert.Equal(["Errors: cut at 32000 characters."], warnings.ToList());
    }

    [Fact]
    public void Have_no_column_for_warnings_where_there_are_none() => Assert.Null(ColumnText.JsonArray(warnings));
}
