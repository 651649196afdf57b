using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>Who may read and write data: the assignments that a deployment creates, and SECURITY.md.</summary>
public sealed partial class RolesTests
{
    [Fact]
    public async Task Table_in_SECURITY_lists_every_assignment_with_its_scope()
    {
        var deployment = (await Deployment.AllAsync()).First(found => found.Values is { HasFallback: true, HasPeople: true });
        var assigned = deployment.Of("Microsoft.Authorization/roleAssignments").Select(Describe);

        var documented = TableRow().Matches(Repository.Read("SECURITY.md")).SelectMany(
            row => ScopesOf(row.Groups["scope"].Value).Select(
                scope => $"{row.Groups["who"].Value} | {row.Groups["role"].Value} | {scope}"));

        Assert.Equal(documented.Order(StringComparer.Ordinal), assigned.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task People_have_no_blob_role_on_an_account()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            Assert.DoesNotContain(
                deployment.Of("Microsoft.Authorization/roleAssignments").Select(Describe),
                assignment => !assignment.StartsWith("app", StringComparison.Ordinal)
                    && assignment.Contains("Blob", StringComparison.Ordinal)
                    && !assignment.Contains("| container ", StringComparison.Ordinal));
        }
    }

    private static string Describe(JsonNode assignment)
    {
        var id = (string)assignment["id"]!;
        var who = (string)assignment["properties"]!["principalId"]! switch
        {
            Combination.Deployer => "deployer",
            Combination.Operator => "operator",
            var reference => reference.Contains("userAssignedIdentities", StringComparison.Ordinal) ? "app" : "unknown",
        };
        var account = id.Contains("/storageAccounts/fb", StringComparison.Ordinal) ? "fallback" : "storage";
        var scope = Container().Match(id) is { Success: true } container
            ? $"container {container.Groups[1].Value} of the {account} account"
            : id.Contains("/storageAccounts/", StringComparison.Ordinal) ? $"the {account} account" : "Application Insights";
        return $"{who} | {RoleName((string)assignment["properties"]!["roleDefinitionId"]!)} | {scope}";
    }

    /// <summary>
    /// A built-in role's name, from its id in infra/modules/roles.bicep: queueDataReader → Storage Queue Data Reader.
    /// </summary>
    private static string RoleName(string definition)
    {
        var name = RoleId().Matches(Repository.Read("infra/modules/roles.bicep"))
            .Single(role => definition.EndsWith(role.Groups["id"].Value, StringComparison.Ordinal)).Groups["name"].Value;
        var words = Capital().Replace(name, " $0");
        return name.Contains("Data", StringComparison.Ordinal)
            ? $"Storage {char.ToUpperInvariant(words[0])}{words[1..]}" : $"{char.ToUpperInvariant(words[0])}{words[1..]}";
    }

    private static IEnumerable<string> ScopesOf(string scope) => scope.Contains("both accounts", StringComparison.Ordinal)
        ? [scope.Replace("both accounts", "the storage account"), scope.Replace("both accounts", "the fallback account")]
        : [scope];

    [GeneratedRegex(@"^\| (?<who>app|deployer|operator) \| (?<role>[^|]+) \| (?<scope>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex("/containers/([a-z-]+)/providers/Microsoft.Authorization")]
    private static partial Regex Container();

    [GeneratedRegex(@"(?<name>\w+): '(?<id>[0-9a-f]{8}-[0-9a-f-]{27})'")]
    private static partial Regex RoleId();

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
