using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Consumer;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.ChangeFeed;

/// <summary>The records of samples/Consumer are what docs/change-feed.schema.json and the documented message say.</summary>
public sealed partial class ConsumerRecordTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(Repository.Read("docs/change-feed.schema.json")).RootElement;

    [Fact]
    public void Properties_have_the_names_and_types_of_the_schema()
    {
        var schema = Schema.GetProperty("properties").EnumerateObject()
            .Select(property => $"{property.Name}: {TypeOf(property.Value)}");

        Assert.Equal(
            schema,
            typeof(Change).GetProperties()
                .Select(property => $"{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}: {TypeOf(property.PropertyType)}"));
    }

    [Fact]
    public void Required_properties_are_those_of_the_schema() => Assert.Equal(
        Schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()),
        typeof(Change).GetProperties()
            .Where(property => property.GetCustomAttribute<RequiredMemberAttribute>() is not null)
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)));

    [Fact]
    public void Documented_message_is_read_with_all_its_values()
    {
        var text = Message().Match(Repository.Read("docs/change-feed.md")).Groups["json"].Value;

        var change = Received.Change(Encoding.UTF8.GetBytes(text));

        Assert.Equal(
            new ChangeEvent
            {
                Id = "019b76da-afd0-7000-8000-000000000002",
                Time = new DateTimeOffset(2026, 1, 1, 0, 0, 2, TimeSpan.Zero),
                Data = new Change
                {
                    AccountId = new Guid("11111111-2222-3333-4444-555555555555"),
                    AccountApiId = "customer-42",
                    PackageId = 1234,
                    Status = "installed",
                    IsCurrent = true,
                    ErrorCount = 0,
                    CycleCount = 2,
                    CompleteParameter = "done",
                    Source = "default",
                },
            },
            change);
    }

    /// <summary>A copy of the folder has no Directory.Packages.props: its versions are in the project.</summary>
    [Fact]
    public void Packages_have_the_versions_of_the_repository()
    {
        var ours = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(package => $"{package.Attribute("Include")!.Value} {package.Attribute("Version")!.Value}").ToHashSet();

        var theirs = XDocument.Parse(Repository.Read("samples/Consumer/Consumer.csproj")).Descendants("PackageReference")
            .Select(package => $"{package.Attribute("Include")!.Value} {package.Attribute("Version")!.Value}").ToHashSet();

        Assert.Superset(theirs, ours);
        Assert.NotEmpty(theirs);
    }

    private static string TypeOf(JsonElement property) => property switch
    {
        _ when property.TryGetProperty("pattern", out var pattern)
            && pattern.GetString()!.StartsWith("^[0-9a-f]{8}-", StringComparison.Ordinal) => "guid",
        _ when property.TryGetProperty("enum", out _) => "string",
        _ when property.TryGetProperty("maximum", out var maximum) && maximum.GetInt64() == long.MaxValue => "long",
        _ => property.GetProperty("type").GetString()!,
    };

    private static string TypeOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(Guid) => "guid",
        var t when t == typeof(string) => "string",
        var t when t == typeof(bool) => "boolean",
        var t when t == typeof(int) => "integer",
        var t when t == typeof(long) => "long",
        var t when t == typeof(IReadOnlyList<string>) => "array",
        var t => t.Name,
    };

    [GeneratedRegex("```\n(?<json>\\{\n  \"specversion\".*?)```", RegexOptions.Singleline)]
    private static partial Regex Message();
}
