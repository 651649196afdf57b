using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>A name that only one side spells differently fails nowhere: the alert stays silent, the chart stays empty.</summary>
public sealed partial class NamesTests
{
    internal static readonly string[] Tables =
    [
        StorageNames.InstallsTable, StorageNames.StatusChangesTable, StorageNames.DeadLettersTable,
        StorageNames.AccountsTable, StorageNames.ReconciliationsTable,
    ];

    /// <summary>Of the alert rules.</summary>
    internal static string[] QueryFiles() => Directory.GetFiles(Repository.PathOf("infra/queries"), "*.kql");

    [Fact]
    public void Alerts_and_workbook_use_only_names_of_the_code()
    {
        var unknown = Query.OfAlerts().Concat(Query.OfWorkbook()).SelectMany(query => query.UnknownNames()).ToList();

        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    [Fact]
    public void Every_telemetry_query_filters_by_role_and_name() =>
        Assert.All(
            Query.OfAlerts().Concat(Query.OfWorkbook()).Where(query => query.Text.Contains("RoleName")),
            query => Assert.True(query.CountOfNames >= 2, query.Source));

    [Fact]
    public void Every_metric_is_shown_or_watched()
    {
        var queries = string.Concat(Query.OfAlerts().Concat(Query.OfWorkbook()).Select(query => query.Text));

        Assert.All(Names.Metrics, metric => Assert.Contains($"'{metric}'", queries));
    }

    [Fact]
    public async Task Alerts_run_the_queries_of_the_folder_each_once()
    {
        var inTemplate = Bicep.ModulesOf(await Bicep.TemplateAsync())
            .Select(module => module["variables"])
            .SelectMany(Bicep.TextsOf)
            .ToList();

        Assert.All(
            QueryFiles(),
            path => Assert.Single(inTemplate, text => text == File.ReadAllText(path)));
    }

    [Fact]
    public async Task Queues_tables_and_the_container_are_those_of_the_code()
    {
        var variables = Bicep.VariablesWith(await Bicep.TemplateAsync(), "queueNames");

        Assert.Equal([StorageNames.Queue, StorageNames.PoisonQueue], TextsOf(variables["queueNames"]));
        Assert.Equal(Tables, TextsOf(variables["tableNames"]));
        Assert.Equal(StorageNames.PayloadContainer, (string)variables["payloadContainerName"]!);
    }

    [Fact]
    public async Task Change_feed_is_the_queue_that_is_created_and_the_setting_of_the_app()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            Assert.Equal(
                deployment.Values.HasChangeFeed ? 1 : 0,
                deployment.Of("Microsoft.Storage/storageAccounts/queueServices/queues")
                    .Count(queue => ((string)queue["name"]!).EndsWith("/partner-changes", StringComparison.Ordinal)));
            Assert.Equal(
                deployment.Values.HasChangeFeed ? "partner-changes" : "",
                Bicep.SettingsOf(deployment)[ChangeFeedSetting.Name]);
        }
    }

    [Fact]
    public async Task Alert_of_the_change_feed_gets_the_name_of_its_queue()
    {
        foreach (var deployment in (await Deployment.AllAsync()).Where(deployment => deployment.Values.HasChangeFeed))
        {
            var rule = Assert.Single(
                deployment.Of("Microsoft.Insights/scheduledQueryRules"), rule => (string)rule["name"]! == "change-feed");

            Assert.Contains(
                "'/partner-changes/messages'", (string)rule["properties"]!["criteria"]!["allOf"]![0]!["query"]!,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Queues_and_the_container_of_the_fallback_storage_are_those_of_the_code()
    {
        var variables = Bicep.VariablesWith(await Bicep.TemplateAsync(), "fallbackQueueNames");

        Assert.Equal(
            [StorageNames.FallbackQueue, StorageNames.FallbackPoisonQueue],
            TextsOf(variables["fallbackQueueNames"]));
        Assert.Equal(StorageNames.FallbackPayloadContainer, (string)variables["fallbackPayloadContainerName"]!);
    }

    [Fact]
    public void Alert_and_functions_use_the_same_poison_queues()
    {
        var watched = QueuePath().Matches(Repository.Read("infra/queries/poisoned.kql")).Select(match => match.Groups[1].Value);

        Assert.Equal([StorageNames.PoisonQueue, StorageNames.FallbackPoisonQueue], watched);
        Assert.Equal(StorageNames.FallbackQueue, (string)Names.Functions["MoveFallback"]["bindings"]![0]!["queueName"]!);
        Assert.Equal(
            StorageNames.FallbackPoisonQueue, (string)Names.Functions["RetryFallback"]["bindings"]![0]!["queueName"]!);
        Assert.Equal(StorageNames.PoisonQueue, (string)Names.Functions["RecordDeadLetter"]["bindings"]![0]!["queueName"]!);
    }

    [Theory]
    [InlineData("serverErrors")]
    [InlineData("unauthorized")]
    public void Alert_on_requests_counts_those_for_the_function_only(string query) =>
        Assert.Contains(
            $"contains '{Names.PathOf("ReceiveNotification")}'", Repository.Read($"infra/queries/{query}.kql"));

    [Fact]
    public async Task Always_ready_instances_are_for_functions_that_exist()
    {
        var functions = Bicep.TextsOf(await Bicep.TemplateAsync())
            .SelectMany(text => ScaleGroup().Matches(text)).Select(match => match.Groups[1].Value);

        Assert.Equal("ProjectNotification", Assert.Single(functions));
        Assert.Contains("ProjectNotification", Names.Functions.Keys);
    }

    [Theory]
    [InlineData("infra/hooks/postdeploy.sh")]
    [InlineData("infra/hooks/postdeploy.ps1")]
    public void Hook_creates_the_key_of_ReceiveNotification(string hook)
    {
        var text = Repository.Read(hook);

        Assert.Contains("/functions/ReceiveNotification", text);
        Assert.Contains(Names.PathOf("ReceiveNotification") + "?code=", text);
        Assert.Equal("function", (string)Names.Functions["ReceiveNotification"]["bindings"]![0]!["authLevel"]!);
    }

    [Fact]
    public void Availability_test_calls_the_health_function()
    {
        Assert.Contains($"'${{functionApp.outputs.url}}{Names.PathOf("Health")}'", Repository.Read("infra/resources.bicep"));
        Assert.Equal("anonymous", (string)Names.Functions["Health"]["bindings"]![0]!["authLevel"]!);
    }

    [Fact]
    public void Workbook_has_a_time_range_and_unique_part_names()
    {
        var items = JsonNode.Parse(Repository.Read("infra/workbook.json"))!["items"]!.AsArray();
        var queries = items.Where(item => (int)item!["type"]! == 3).ToList();

        Assert.Equal(items.Count, items.Select(item => (string)item!["name"]!).Distinct().Count());
        Assert.All(queries, query => Assert.Equal("TimeRange", (string)query!["content"]!["timeContextFromParameter"]!));
        Assert.Contains(
            items, item => (int)item!["type"]! == 9 && (string)item["content"]!["parameters"]![0]!["name"]! == "TimeRange");
    }

    private static IEnumerable<string> TextsOf(JsonNode? list) => list!.AsArray().Select(item => (string)item!);

    [GeneratedRegex("contains '/([^/']+)/messages'")]
    private static partial Regex QueuePath();

    [GeneratedRegex(@"function:(\w+)")]
    private static partial Regex ScaleGroup();
}
