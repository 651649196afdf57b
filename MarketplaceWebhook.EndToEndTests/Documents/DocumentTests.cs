using System.CommandLine.Parsing;
using System.Reflection;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Cli;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.EndToEndTests.Documents;

/// <summary>The commands, columns, metrics and settings in README and docs/ are those of the code.</summary>
public sealed partial class DocumentTests
{
    /// <summary>
    /// The programs of commands that need Azure, a tunnel, a tool that is not installed by the project, or much time.
    /// </summary>
    private static readonly HashSet<string> NotRun =
        ["az", "azd", "cd", "cp", "devtunnel", "dotnet build", "dotnet publish", "dotnet run", "dotnet test", "dotnet tool",
            "export", "func", "npm", "npx", "sed", "zip"];

    private static readonly string[] KeyColumns = ["PartitionKey", "RowKey"];

    public static TheoryData<string> Documents { get; } =
    [
        "README.md", "AGENTS.md", "CONTRIBUTING.md", "MarketplaceWebhook.Cli/README.md", "samples/Consumer/README.md",
        .. Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Select(path => $"docs/{Path.GetFileName(path)}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The arguments of the tool's commands.</summary>
    internal static IEnumerable<string> ToolCommands(string document) =>
        ToolCommand().Matches(Repository.Read(document)).Select(match => match.Groups["arguments"].Value.Trim());

    [Theory]
    [MemberData(nameof(Documents))]
    public void Command_of_the_tool_is_understood(string document)
    {
        var root = CommandLine.Create(new ConfigurationBuilder().Build());

        Assert.All(ToolCommands(document), command =>
        {
            var arguments = CommandLineParser.SplitCommandLine(command.Replace("…", "x", StringComparison.Ordinal));
            Assert.Empty(root.Parse([.. arguments]).Errors.Select(error => $"{command}: {error.Message}"));
        });
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Command_in_a_block_is_one_of_the_tool_or_in_the_list(string document) =>
        Assert.All(
            CommandBlock()
                .Matches(Repository.Read(document)).SelectMany(block => block.Groups["lines"].Value.Split('\n')), line =>
        {
            var commands = line.Length == 0 || line[0] == ' ' || ToolCommand().IsMatch(line) ? [] : line.Split(" && ");
            Assert.All(commands, command => Assert.Contains(Program().Match(command).Groups["program"].Value, NotRun));
        });

    [Fact]
    public void Tables_have_the_columns_of_the_code()
    {
        string[] others =
        [
            StorageNames.InstallsTable, StorageNames.StatusChangesTable, StorageNames.DeadLettersTable,
            StorageNames.ReconciliationsTable, .. KeyColumns,
        ];

        var named = PascalCase()
            .Matches(Repository.Read("docs/tables.md")).Select(match => match.Groups["name"].Value).ToHashSet();

        Assert.Equal(Values(typeof(Columns)).Order(StringComparer.Ordinal), named.Except(others).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Metrics_are_those_of_the_code()
    {
        var rows = MetricRow().Matches(Repository.Read("docs/telemetry.md")).Select(match => match.Groups["name"].Value);

        Assert.Equal(Values(typeof(TelemetryNames.Metrics)).Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Headings_of_tables_are_those_that_the_tool_prints()
    {
        var printed = Directory.EnumerateFiles(Repository.PathOf("MarketplaceWebhook.Tests/Approved"), "*.approved.txt")
            .SelectMany(File.ReadLines).Select(OneSpace).ToHashSet();

        var documented = Documents.SelectMany(document => TableHeading().Matches(Repository.Read(document.Data)))
            .Select(match => OneSpace(match.Value)).ToList();

        Assert.True(documented.Count > 5);
        Assert.Subset(printed, documented.ToHashSet());

        static string OneSpace(string line) => Spaces().Replace(line, " ");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Setting_occurs_in_the_code(string document) =>
        Assert.All(Setting().Matches(Repository.Read(document)).SelectMany(match => match.Value.Split("__")), part =>
            Assert.True(Sources.Value.Contains(part, StringComparison.Ordinal), $"No source file contains '{part}'."));

    [Fact]
    public void Every_time_limit_is_documented_with_its_default() =>
        Assert.All(
            typeof(TimeLimits).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly),
            limit => Assert.Matches(
                $@"\n\| `TimeLimits__{limit.Name}` \|[^|]+\| `{limit.GetValue(new TimeLimits())}` \|",
                Repository.Read("docs/configuration.md")));

    private static Lazy<string> Sources { get; } = new(() => string.Join('\n', new[]
    {
        "MarketplaceWebhook.Core", "MarketplaceWebhook.Functions", "MarketplaceWebhook.CustomHandler",
        "MarketplaceWebhook.Operations", "MarketplaceWebhook.LocalHost", "MarketplaceWebhook.Cli", "MarketplaceWebhook.Tests",
        "MarketplaceWebhook.EndToEndTests", "infra",
    }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories))
        .Where(path => Path.GetExtension(path) is ".cs" or ".bicep" or ".json" or ".sh" && !GeneratedFile().IsMatch(path))
        .Where(path => Path.GetFileName(path) != $"{nameof(DocumentTests)}.cs")
        .Append(Repository.PathOf("host.json"))
        .Append(Repository.PathOf("azure.yaml"))
        .Select(File.ReadAllText)));

    private static IEnumerable<string> Values(Type names) =>
        names.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    [GeneratedRegex(@"(?:dotnet run --project MarketplaceWebhook\.Cli -- |(?<!--global )marketplace-webhook (?=[a-z-]))(?<arguments>[^`|\n]*)")]
    private static partial Regex ToolCommand();

    /// <summary>A block whose first line begins with a program.</summary>
    [GeneratedRegex(
        @"^```(?:sh|bash)?\n(?<lines>(?:[A-Z_]+=\S+ )?(?:az|azd|cd|cp|dotnet|func|npm|npx|git|devtunnel|docker|curl) [^`]*?)\n```", RegexOptions.Multiline)]
    private static partial Regex CommandBlock();

    [GeneratedRegex(@"^(?:[A-Z_]+=\S+ )*(?<program>dotnet \w+|[\w-]+)")]
    private static partial Regex Program();

    /// <summary>Columns with capitals, at least two spaces apart: a heading of a table that the tool prints.</summary>
    [GeneratedRegex(@"^[A-Z][A-Za-z()-]*(?: [A-Za-z()-]+)*(?:  +[A-Z][A-Za-z()-]*(?:,? [A-Za-z()-]+)*)+$", RegexOptions.Multiline)]
    private static partial Regex TableHeading();

    [GeneratedRegex("  +")]
    private static partial Regex Spaces();

    [GeneratedRegex("`(?<name>[A-Z][a-z]+(?:[A-Z][a-z]+)*)`")]
    private static partial Regex PascalCase();

    [GeneratedRegex(@"^\| `(?<name>marketplace\.[\w.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"(?<=`)[A-Za-z]+(?:__[A-Za-z]+)+(?=[`=])|(?<=`)[A-Z]{3,}(?:_[A-Z]+)+(?=[`=])")]
    private static partial Regex Setting();

    [GeneratedRegex(@"[\\/](?:bin|obj)[\\/]")]
    private static partial Regex GeneratedFile();
}
