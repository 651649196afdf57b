using MarketplaceWebhook.Tests.Infra;

namespace MarketplaceWebhook.Tests.Runtimes;

/// <summary>Both runtimes tell the host of the same functions: the one in attributes, the other in files.</summary>
public sealed class FunctionDeclarationTests
{
    private const string Runtimes = "MarketplaceWebhook.Functions/Runtimes";

    private static readonly string Source = Repository.Read($"{Runtimes}/DotnetIsolated/Functions.cs");

    [Fact]
    public void The_attributes_say_what_the_function_json_files_say() => Assert.Equal(Files(), DeclaredFunction.OfSource(Source));

    [Fact]
    public void What_is_compared_is_all_that_a_caller_or_a_queue_depends_on() => Assert.Equal(
        new Dictionary<string, string>
        {
            ["Health"] = "GET health (ANONYMOUS)",
            ["ProjectNotification"] = "queue marketplace-notifications of AzureWebJobsStorage",
            ["ReceiveNotification"] = "POST cyclr/marketplace/{source?} (FUNCTION)",
            ["RecordDeadLetter"] = "queue marketplace-notifications-poison of AzureWebJobsStorage",
        },
        Files());

    [Theory]
    [InlineData("cyclr/marketplace/{source?}", "cyclr/{source?}")]
    [InlineData("AuthorizationLevel.Function", "AuthorizationLevel.Anonymous")]
    [InlineData("\"post\"", "\"put\"")]
    [InlineData("StorageNames.PoisonQueue", "StorageNames.Queue")]
    [InlineData("[Function(\"Health\")]", "[Function(\"Healthy\")]")]
    public void A_change_on_one_side_shows(string said, string planted)
    {
        var changed = Source.Replace(said, planted, StringComparison.Ordinal);

        Assert.NotEqual(Source, changed);
        Assert.NotEqual(Files(), DeclaredFunction.OfSource(changed));
    }

    private static SortedDictionary<string, string> Files() => DeclaredFunction.OfFiles(Repository.PathOf($"{Runtimes}/Custom/functions"));
}
