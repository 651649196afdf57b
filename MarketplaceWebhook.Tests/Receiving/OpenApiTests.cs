using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;
using Microsoft.OpenApi;

namespace MarketplaceWebhook.Tests.Receiving;

/// <summary>docs/openapi.json describes what Cyclr sends and what the application responds.</summary>
public sealed class OpenApiTests(AzuriteFixture azurite)
{
    private const string Path = "/api/cyclr/marketplace";

    private static readonly JsonNode Document = JsonNode.Parse(Repository.Read("docs/openapi.json"))!;

    private readonly string _storage = azurite.NewAccount();

    public static TheoryData<string> Documented => Bodies.In("documented");

    [Fact]
    public void Document_is_valid_OpenAPI_3_1()
    {
        var (_, diagnostic) = OpenApiDocument.Parse(Document.ToJsonString(), OpenApiConstants.Json);

        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, diagnostic!.SpecificationVersion);
        Assert.Empty(diagnostic.Errors.Concat(diagnostic.Warnings).Select(error => $"{error.Pointer}: {error.Message}"));
    }

    [Fact]
    public void Paths_are_those_of_the_functions() =>
        Assert.Equal(
            [
                Names.PathOf("ReceiveNotification"), $"{Names.PathOf("ReceiveNotification")}/{{source}}", Names.PathOf("Health"),
            ],
            Document["paths"]!.AsObject().Select(path => path.Key));

    [Theory]
    [MemberData(nameof(Documented))]
    public void Documented_body_is_valid(string name) =>
        AssertValid("Notification", Encoding.UTF8.GetString(Bodies.Read("documented", name)));

    [Theory]
    [InlineData("""{"AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":1}""")]
    [InlineData("""{"Status":"started","AccountId":"x","MarketplaceIntegrationPackageId":1}""")]
    [InlineData(
        """{"Status":"started","AccountId":"00000000-0000-0000-0000-000000000000","MarketplaceIntegrationPackageId":0}""")]
    public void Body_without_a_valid_required_field_is_invalid(string body) =>
        Assert.False(Evaluate("Notification", body).IsValid);

    [Theory]
    [InlineData("")]
    [InlineData("/{source}")]
    public async Task Every_response_of_the_receiver_is_as_documented(string source)
    {
        await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        var path = Path + source.Replace("{source}", "eu-shop", StringComparison.Ordinal);
        var valid = Bodies.Read("documented", "installed");
        var seen = new List<string>();

        foreach (var body in (byte[][])[valid, "{}"u8.ToArray(), "no JSON"u8.ToArray(), new byte[(1024 * 1024) + 1]])
        {
            using var response = await caller.PostAsync(path, AcceptingTests.Content(body), Cancellation);
            seen.Add(await AssertDocumentedAsync(Path + source, "post", response));
        }

        using (proxy.Break(Fault.Forbidden))
        {
            using var response = await caller.PostAsync(path, AcceptingTests.Content(valid), Cancellation);
            seen.Add(await AssertDocumentedAsync(Path + source, "post", response));
        }

        // The host responds 401, without a body.
        Assert.Equal(
            Responses(Path + source, "post").Select(response => response.Key),
            seen.Append("401").Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Invalid_label_receives_400_as_documented()
    {
        await using var app = new TestApp(_storage);
        using var caller = await AcceptingTests.CallerAsync(app);

        using var response = await caller.PostAsync(
            $"{Path}/a_b", AcceptingTests.Content(Bodies.Read("documented", "installed")), Cancellation);

        Assert.Equal("400", await AssertDocumentedAsync($"{Path}/{{source}}", "post", response));
    }

    [Fact]
    public async Task Both_responses_of_the_health_check_are_as_documented()
    {
        foreach (var isBroken in (bool[])[false, true])
        {
            await using var proxy = await FaultProxy.StartAsync(_storage, Cancellation);
            await using var app = new TestApp(proxy.ConnectionString);
            using var caller = await AcceptingTests.CallerAsync(app);
            using var broken = proxy.Break(Fault.Forbidden, _ => isBroken);

            using var response = await caller.GetAsync("/api/health", Cancellation);

            Assert.Equal(isBroken ? "503" : "200", await AssertDocumentedAsync("/api/health", "get", response));
        }
    }

    [Fact]
    public void Response_without_a_key_is_documented_without_content() =>
        Assert.Null(Responses(Path, "post")["401"]!["content"]);

    /// <returns>The status code.</returns>
    private static async Task<string> AssertDocumentedAsync(string path, string method, HttpResponseMessage response)
    {
        var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var documented = Responses(path, method)[status];
        Assert.True(documented is not null, $"{method} {path} has no response {status}.");
        var (mediaType, content) = Assert.Single(documented["content"]!.AsObject());
        Assert.Equal(mediaType, response.Content.Headers.ContentType!.MediaType);
        AssertValid(
            ((string)content!["schema"]!["$ref"]!).Split('/')[^1], await response.Content.ReadAsStringAsync(Cancellation));
        var required = documented["headers"]?.AsObject().Select(header => header.Key) ?? [];
        Assert.All(required, header => Assert.True(response.Headers.Contains(header), $"{status} has no {header}."));
        return status;
    }

    /// <summary>Of an operation: status code to response, with its reference resolved.</summary>
    private static JsonObject Responses(string path, string method) =>
        new(Document["paths"]![path]![method]!["responses"]!.AsObject().Select(response => KeyValuePair.Create(
            response.Key,
            (JsonNode?)Document["components"]!["responses"]![((string)response.Value!["$ref"]!).Split('/')[^1]]!.DeepClone())));

    private static void AssertValid(string schema, string json)
    {
        var result = Evaluate(schema, json);

        Assert.True(result.IsValid, $"{schema}: {JsonSerializer.Serialize(result)}\n{json}");
    }

    private static EvaluationResults Evaluate(string schema, string json)
    {
        // A document of its own, with the schemas where JSON Schema has them.
        var text = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$ref"] = $"#/components/schemas/{schema}",
            ["$defs"] = Document["components"]!["schemas"]!.DeepClone(),
        }.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal);
        using var instance = JsonDocument.Parse(json);
        return JsonSchema.FromText(text).Evaluate(
            instance.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
    }
}
