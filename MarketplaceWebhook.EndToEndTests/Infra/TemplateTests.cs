using System.Net;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Infra;

public sealed class TemplateTests
{
    [Fact]
    public async Task Every_bicep_file_is_compiled()
    {
        var template = await Bicep.TemplateAsync();

        // A module that is used twice has the same hash.
        var modules = Bicep.ResourcesOf(template)
            .Where(resource => (string)resource["type"]! == "Microsoft.Resources/deployments")
            .DistinctBy(module => (string)module["properties"]!["template"]!["metadata"]!["_generator"]!["templateHash"]!)
            .Count();
        Assert.Equal(Directory.GetFiles(Repository.PathOf("infra"), "*.bicep", SearchOption.AllDirectories).Length - 1, modules);
    }

    [Fact]
    public async Task Deployment_creates_exactly_the_resources_of_its_parameters()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            Assert.Equal(
                $"{deployment}\n{string.Join('\n', ResourcesOf(deployment.Values).Order(StringComparer.Ordinal))}",
                $"{deployment}\n{string.Join('\n', deployment.Resources.CountBy(resource => (string)resource["type"]!)
                    .Select(count => $"{count.Value} {count.Key}").Order(StringComparer.Ordinal))}");
            var app = Assert.Single(deployment.Of("Microsoft.Web/sites"))["properties"]!;
            Assert.Equal(
                ("Enabled", deployment.Values.HasNetwork),
                ((string)app["publicNetworkAccess"]!, app["virtualNetworkSubnetId"] is not null));
        }
    }

    [Fact]
    public async Task Workbook_links_to_the_tables()
    {
        var workbook = Assert.Single(
            Bicep.ResourcesOf(await Bicep.TemplateAsync()),
            resource => (string)resource["type"]! == "Microsoft.Insights/workbooks");
        var data = (string)workbook["properties"]!["serializedData"]!;

        Assert.Contains("[storage account](STORAGE_BROWSER)", Repository.Read("infra/workbook.json"), StringComparison.Ordinal);
        Assert.EndsWith(
            "'STORAGE_BROWSER', format('{0}/#resource{1}/storagebrowser', environment().portal, "
            + "resourceId('Microsoft.Storage/storageAccounts', parameters('storageAccountName'))))]",
            data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_service_of_storage_has_a_private_endpoint_with_a_record_in_its_zone()
    {
        var resources = (await Deployment.AllAsync())
            .First(deployment => deployment.Values is { HasNetwork: true, HasFallback: true }).Resources;

        string[] services = ["blob", "queue", "table"];
        string[] accounts = ["st", "fb"];
        foreach (var (account, service) in accounts.SelectMany(account => services.Select(service => (account, service))))
        {
            var endpoint = Assert.Single(
                resources, resource => (string)resource["type"]! == "Microsoft.Network/privateEndpoints"
                    && ((string)resource["name"]!).StartsWith($"pe-{account}", StringComparison.Ordinal)
                    && ((string)resource["name"]!).EndsWith($"-{service}", StringComparison.Ordinal));
            var connection = endpoint["properties"]!["privateLinkServiceConnections"]![0]!["properties"]!;
            Assert.Equal(service, (string)connection["groupIds"]![0]!);
            Assert.Contains($"/storageAccounts/{account}", (string)connection["privateLinkServiceId"]!, StringComparison.Ordinal);
            var record = Assert.Single(
                resources, resource => (string)resource["name"]! == $"{endpoint["name"]}/default")["properties"]!;
            Assert.Contains(
                $"'{service}'", (string)record["privateDnsZoneConfigs"]![0]!["properties"]!["privateDnsZoneId"]!,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Storage_rejects_keys_and_old_tls_and_public_access_to_blobs()
    {
        foreach (var account in await ResourcesAsync("Microsoft.Storage/storageAccounts"))
        {
            Assert.False((bool)account["allowSharedKeyAccess"]!);
            Assert.True((bool)account["defaultToOAuthAuthentication"]!);
            Assert.False((bool)account["allowBlobPublicAccess"]!);
            Assert.True((bool)account["supportsHttpsTrafficOnly"]!);
            Assert.Equal("TLS1_2", (string)account["minimumTlsVersion"]!);
        }
    }

    [Fact]
    public async Task Blobs_have_soft_delete_and_no_lifecycle_rule()
    {
        foreach (var blobs in await ResourcesAsync("Microsoft.Storage/storageAccounts/blobServices"))
        {
            Assert.True((bool)blobs["deleteRetentionPolicy"]!["enabled"]!);
            Assert.True((bool)blobs["containerDeleteRetentionPolicy"]!["enabled"]!);
        }

        Assert.DoesNotContain(
            Bicep.ResourcesOf(await Bicep.TemplateAsync()), resource =>
                ((string)resource["type"]!).EndsWith("managementPolicies"));
    }

    [Fact]
    public async Task App_has_its_runtime_in_its_configuration_and_only_these_settings()
    {
        var settings = Bicep.SettingsOf((await Deployment.AllAsync())[0]);
        var runtime = (await SingleResourceAsync("Microsoft.Web/sites"))["functionAppConfig"]!["runtime"]!;

        Assert.Equal(
        [
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
            "APPLICATIONINSIGHTS_CONNECTION_STRING",
            "AzureWebJobs.MoveFallback.Disabled",
            "AzureWebJobs.ProjectNotification.Disabled",
            "AzureWebJobs.RetryFallback.Disabled",
            "AzureWebJobsStorage__accountName",
            "AzureWebJobsStorage__clientId",
            "AzureWebJobsStorage__credential",
            "ChangeFeed",
            "FallbackStorage__accountName",
            "FallbackStorage__clientId",
            "FallbackStorage__credential",
        ], settings.Select(setting => setting.Key).Order(StringComparer.Ordinal));
        Assert.Equal("[parameters('functionsWorkerRuntime')]", (string)runtime["name"]!);
    }

    [Fact]
    public async Task App_accepts_only_https_and_has_no_deployment_password()
    {
        var app = await SingleResourceAsync("Microsoft.Web/sites");
        var passwords = Bicep.ResourcesOf(await Bicep.TemplateAsync())
            .Where(resource => (string)resource["type"]! == "Microsoft.Web/sites/basicPublishingCredentialsPolicies");

        Assert.True((bool)app["httpsOnly"]!);
        Assert.All(passwords, password => Assert.False((bool)password["properties"]!["allow"]!));
    }

    [Fact]
    public async Task Only_queue_writes_are_logged_and_deletes_if_there_is_a_change_feed()
    {
        foreach (var deployment in await Deployment.AllAsync())
        {
            Assert.All(deployment.Of("Microsoft.Insights/diagnosticSettings"), settings => Assert.Equal(
                deployment.Values.HasChangeFeed && !InFallback(settings) ? ["StorageWrite", "StorageDelete"] : ["StorageWrite"],
                settings["properties"]!["logs"]!.AsArray().Select(log => (string)log!["category"]!)));
        }

        static bool InFallback(JsonNode settings) =>
            ((string)settings["id"]!).Contains("/storageAccounts/fb", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_are_sent_to_the_address_and_the_url_that_are_set()
    {
        var actionGroup = await SingleResourceAsync("Microsoft.Insights/actionGroups");

        Assert.Equal(
            "[if(empty(parameters('alertEmail')), createArray(), createArray(createObject('name', 'operators', "
                + "'emailAddress', parameters('alertEmail'), 'useCommonAlertSchema', true())))]",
            (string)actionGroup["emailReceivers"]!);
        Assert.Equal(
            "[if(empty(parameters('alertWebhookUrl')), createArray(), createArray(createObject('name', 'webhook', "
                + "'serviceUri', parameters('alertWebhookUrl'), 'useCommonAlertSchema', true())))]",
            (string)actionGroup["webhookReceivers"]!);
    }

    [Theory]
    [InlineData("alertWebhookUrl", "securestring")]
    [InlineData("extraAppSettings", "secureObject")]
    public async Task Secret_is_one_in_the_template_and_its_modules(string parameter, string type)
    {
        var template = await Bicep.TemplateAsync();
        var declarations = Bicep.ModulesOf(template)
            .Append(template)
            .Select(part => part["parameters"]?[parameter])
            .OfType<JsonNode>()
            .ToList();

        Assert.Equal(3, declarations.Count);
        Assert.All(declarations, declared => Assert.Equal(type, (string)declared["type"]!, ignoreCase: true));
    }

    [Fact]
    public void Cyclr_addresses_of_every_region_are_distinct_ipv4_addresses()
    {
        var regions = JsonNode.Parse(Repository.Read("infra/cyclr-addresses.example.json"))!["regions"]!.AsArray();
        var addresses = regions.SelectMany(region => region!["addresses"]!.AsArray())
            .Select(address => (string)address!).ToList();

        Assert.Equal(["US", "US 2", "UK", "EU", "APAC"], regions.Select(region => (string)region!["region"]!));
        Assert.Equal(addresses.Distinct(), addresses);
        Assert.All(addresses, address => Assert.Matches(@"^\d+(\.\d+){3}/32$", address));
        Assert.All(addresses, address => Assert.True(IPNetwork.TryParse(address, out _), address));
    }

    [Fact]
    public async Task Outputs_contain_no_secret()
    {
        var template = await Bicep.TemplateAsync();

        Assert.DoesNotContain(Bicep.TextsOf(template), text => text.Contains("listKeys(", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(
            template["outputs"]!.AsObject(), output => output.Key.Contains("KEY", StringComparison.OrdinalIgnoreCase)
                || output.Key.Contains("CONNECTION", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Azd_sets_every_parameter_of_the_template()
    {
        var given = JsonNode.Parse(Repository.Read("infra/main.parameters.json"))!["parameters"]!.AsObject()
            .Select(pair => pair.Key);
        var declared = Repository.Read("infra/main.bicep").Split('\n')
            .Where(line => line.StartsWith("param ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]);

        Assert.Equal(declared.Order(StringComparer.Ordinal), given.Order(StringComparer.Ordinal));
    }

    private static async Task<JsonNode> SingleResourceAsync(string type) => Assert.Single(await ResourcesAsync(type));

    private static async Task<List<JsonNode>> ResourcesAsync(string type)
    {
        var template = await Bicep.TemplateAsync();
        return [.. Bicep.ResourcesOf(template)
            .Where(resource => (string)resource["type"]! == type)
            .Select(resource => resource["properties"]!)];
    }

    private static IEnumerable<string> ResourcesOf(Combination values)
    {
        var accounts = values.HasFallback ? 2 : 1;
        return
        [
            "1 Microsoft.Insights/actionGroups",
            "1 Microsoft.Insights/components",
            $"{accounts} Microsoft.Insights/diagnosticSettings",
            "1 Microsoft.Insights/workbooks",
            "1 Microsoft.ManagedIdentity/userAssignedIdentities",
            "1 Microsoft.OperationalInsights/workspaces",
            "1 Microsoft.Resources/resourceGroups",
            // Closed by a second step, if there is a network.
            $"{(values.HasNetwork ? 2 * accounts : accounts)} Microsoft.Storage/storageAccounts",
            $"{accounts} Microsoft.Storage/storageAccounts/blobServices",
            $"{accounts} Microsoft.Storage/storageAccounts/queueServices",
            $"{accounts} Microsoft.Storage/storageAccounts/tableServices",
            "1 Microsoft.Web/serverfarms",
            "1 Microsoft.Web/sites",
            "1 Microsoft.Web/sites/config",
            $"{1 + accounts} Microsoft.Storage/storageAccounts/blobServices/containers",
            $"{(2 * accounts) + (values.HasChangeFeed ? 1 : 0)} Microsoft.Storage/storageAccounts/queueServices/queues",
            "2 Microsoft.Web/sites/basicPublishingCredentialsPolicies",
            $"{NamesTests.Tables.Length} Microsoft.Storage/storageAccounts/tableServices/tables",
            $"{NamesTests.QueryFiles().Length} Microsoft.Insights/scheduledQueryRules",
            "1 Microsoft.Insights/metricAlerts",
            "1 Microsoft.Insights/webtests",
            $"{RoleAssignments(values)} Microsoft.Authorization/roleAssignments",
            .. values.HasNetwork
                ? (string[])
                [
                    "1 Microsoft.Network/virtualNetworks",
                    "3 Microsoft.Network/privateDnsZones",
                    "3 Microsoft.Network/privateDnsZones/virtualNetworkLinks",
                    $"{3 * accounts} Microsoft.Network/privateEndpoints",
                    $"{3 * accounts} Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
                ]
                : [],
        ];
    }

    /// <summary>Four of the app and three of each person; on the fallback, which has no tables, two of each.</summary>
    private static int RoleAssignments(Combination values) =>
        4 + (values.HasPeople ? 6 : 0) + (values.HasFallback ? 2 + (values.HasPeople ? 4 : 0) : 0);
}
