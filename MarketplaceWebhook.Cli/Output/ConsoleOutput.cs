using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Telemetry;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>
/// Prints results on stdout and remarks on stderr. Control characters are escaped, and Spectre.Console's markup is not used: in
/// markup, text from outside such as <c>:warning:</c> would have a meaning, and escaping covers only brackets.
/// </summary>
internal static class ConsoleOutput
{
    /// <summary>
    /// The minimum, in characters. A narrower terminal wraps the lines itself, so that ids can still be copied.
    /// </summary>
    private const int MinWidth = 120;

    private const int RedirectedWidth = 240;

    private const int MaxCharacters = 300;

    public static Style Bold { get; } = new(decoration: Decoration.Bold);

    public static Style Dim { get; } = new(decoration: Decoration.Dim);

    public static IAnsiConsole Results { get; } = CreateConsole(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Errors { get; } = CreateConsole(Console.Error, Console.IsErrorRedirected);

    /// <param name="columns">Short values that are not wrapped: ids, times, numbers.</param>
    /// <param name="texts">The last column, whose lines may be long.</param>
    public static Table Table(string[] columns, string texts)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, Bold)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table.AddColumn(new TableColumn(new Text(texts, Bold)) { Padding = new Padding(0, 0, 0, 0) });
    }

    public static void Add(this Table table, string?[] cells, params string?[] lines) => table.AddRow(
        [.. cells.Select(Escape), new Rows(lines.Where(line => line is { Length: > 0 }).Select(Escape))]);

    public static void Write(string? title, Table table)
    {
        if (title is not null)
        {
            Results.WriteParts((SafeText.Of(title), Bold));
        }

        Results.Write(table);
        Results.WriteLine();
    }

    /// <summary>Something that the tool and the application cannot repair.</summary>
    public static void WriteProblem(string problem) =>
        Results.WriteParts(("needs a person", Color.Red), ($"  {problem}", null));

    /// <summary>UTC, to the second.</summary>
    public static string Time(DateTimeOffset? time) =>
        time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture) : "";

    public static string? JsonTime(DateTimeOffset? time) => time is { } at ? TimeText.Of(at) : null;

    public static void Remark(string line) => Errors.WriteParts((SafeText.Of(line), null));

    /// <summary>One line of parts, each in its style, with control characters escaped.</summary>
    public static void WriteParts(this IAnsiConsole console, params ReadOnlySpan<(string Text, Style? Style)> parts)
    {
        var line = new Paragraph();
        foreach (var (text, style) in parts)
        {
            line.Append(SafeText.Of(text, int.MaxValue), style);
        }

        console.Write(line);
        console.WriteLine();
    }

    public static void WriteJson<T>(T value, JsonTypeInfo<T> type) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>1 account, 2 accounts.</summary>
    public static string Count(long number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";

    /// <summary>Of a difference. An absent value has no column.</summary>
    public static string[] IsAndShouldBe(string? actual, string? expected) =>
        [$"is         {actual ?? "(absent)"}", $"should be  {expected ?? "(absent)"}"];

    /// <summary>Runs with a progress bar if a person watches many accounts, otherwise with null.</summary>
    /// <param name="console">Null: nothing is printed.</param>
    public static Task RunAsync(this IAnsiConsole? console, string task, bool isSingle, Func<ProgressTask?, Task> run) =>
        console is null || isSingle || !console.Profile.Capabilities.Interactive || Console.IsOutputRedirected
            ? run(null)
            : console.Progress().AutoClear(true).StartAsync(context => run(context.AddTask(task)));

    private static Text Escape(string? text) => new(SafeText.Of(text, MaxCharacters));

    private static IAnsiConsole CreateConsole(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = isRedirected ? RedirectedWidth : Math.Max(MinWidth, console.Profile.Width);
        return console;
    }
}
