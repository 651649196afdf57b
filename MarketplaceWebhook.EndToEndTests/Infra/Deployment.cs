using System.Text.Json.Nodes;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>Values of the template's parameters, and the resources that a deployment with them creates.</summary>
internal sealed record Deployment(Combination Values, IReadOnlyList<JsonNode> Resources)
{
    // 16 of the 256 combinations: any three parameters occur in all of their eight.
    private static readonly IReadOnlyList<Combination> Combinations =
    [
        .. Enumerable.Range(0, 16).Select(bits =>
        {
            var (first, second, third, fourth) = ((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0);
            return new Combination(
                HasNetwork: first, HasTest: second, IsRestricted: third, HasPeople: fourth,
                HasFallback: first ^ second ^ third, HasChangeFeed: first ^ second ^ fourth,
                WasPrivate: first ^ third ^ fourth, IsPaused: second ^ third ^ fourth);
        }),
    ];

    private static readonly Lazy<Task<IReadOnlyList<Deployment>>> All = new(CreateAsync);

    public static Task<IReadOnlyList<Deployment>> AllAsync() => All.Value;

    public IEnumerable<JsonNode> Of(string type) => Resources.Where(resource => (string)resource["type"]! == type);

    public override string ToString() => Values.ToString();

    private static async Task<IReadOnlyList<Deployment>> CreateAsync()
    {
        var resources = await Bicep.ResourcesAsync([.. Combinations.Select(combination => combination.Parameters())]);
        return [.. Combinations.Zip(resources, (values, created) => new Deployment(values, created))];
    }
}

internal sealed record Combination(
    bool HasNetwork, bool HasTest, bool IsRestricted, bool HasPeople, bool HasFallback, bool HasChangeFeed,
    bool WasPrivate, bool IsPaused)
{
    public const string Deployer = "33333333-3333-3333-3333-333333333333";
    public const string Operator = "44444444-4444-4444-4444-444444444444";

    public Dictionary<string, string> Parameters() => new()
    {
        ["vnetEnabled"] = HasNetwork ? "true" : "false",
        ["storageIsPrivate"] = WasPrivate ? "true" : "false",
        ["pauseProjection"] = IsPaused ? "true" : "false",
        ["availabilityTest"] = HasTest ? "true" : "false",
        ["allowedSourceAddresses"] = IsRestricted ? "'203.0.113.10'" : "''",
        ["principalId"] = HasPeople ? $"'{Deployer}'" : "''",
        ["operatorPrincipalIds"] = HasPeople ? $"'{Operator}'" : "''",
        ["fallbackStorage"] = HasFallback ? "true" : "false",
        ["changeFeed"] = HasChangeFeed ? "'partner-changes'" : "''",
    };
}
