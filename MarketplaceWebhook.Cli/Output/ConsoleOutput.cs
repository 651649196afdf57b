using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>What operators read: results on stdout, remarks on stderr. Text from outside is shown as text.</summary>
internal static class ConsoleOutput
{
    /// <summary>At least, in characters: what a narrower window breaks is whole, and an id can be copied from it.</summary>
    private const int Width = 120;

    private const int WidthOfFiles = 240;

    private const int MostCharacters = 300;

    public static IAnsiConsole Results { get; } = Make(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Errors { get; } = Make(Console.Error, Console.IsErrorRedirected);

    /// <param name="columns">Short values, never broken: ids, times, numbers.</param>
    /// <param name="texts">The last column, of lines that may be long.</param>
    public static Table Table(string[] columns, string texts)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn($"[bold]{column}[/]") { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table.AddColumn(new TableColumn($"[bold]{texts}[/]") { Padding = new Padding(0, 0, 0, 0) });
    }

    public static void Add(this Table table, string?[] cells, params string?[] lines) => table.AddRow(
        [.. cells.Select(Visible), new Rows(lines.Where(line => line is { Length: > 0 }).Select(Visible))]);

    public static void Write(string? title, Table table)
    {
        if (title is not null)
        {
            Results.MarkupLineInterpolated($"[bold]{SafeText.Of(title)}[/]");
        }

        Results.Write(table);
        Results.WriteLine();
    }

    /// <summary>UTC, to the second.</summary>
    public static string Time(DateTimeOffset? time) =>
        time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture) : "";

    public static string? JsonTime(DateTimeOffset? time) => time is { } at ? Envelope.TimeText(at) : null;

    public static void Remark(string line) => Errors.MarkupLineInterpolated($"{SafeText.Of(line)}");

    public static void WriteJson<T>(T value, JsonTypeInfo<T> type) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>1 account, 2 accounts.</summary>
    public static string Count(long number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";

    private static Text Visible(string? text) => new(SafeText.Of(text, MostCharacters));

    private static IAnsiConsole Make(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = isRedirected ? WidthOfFiles : Math.Max(Width, console.Profile.Width);
        return console;
    }
}
