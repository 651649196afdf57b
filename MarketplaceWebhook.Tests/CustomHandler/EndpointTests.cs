extern alias CustomHandler;

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CustomHandler::MarketplaceWebhook.CustomHandler;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Registration = CustomHandler::MarketplaceWebhook.ApplicationBuilderExtensions;

namespace MarketplaceWebhook.Tests.CustomHandler;

/// <summary>The queue functions as the Functions host calls them: it deletes a message only after a JSON object.</summary>
public sealed class EndpointTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly string _storage = azurite.NewAccount();
    private readonly HttpClient _host = new();
    private readonly LogLines _log = new();
    private WebApplication _app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private StorageClients Storage => _app.Services.GetRequiredService<StorageClients>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(StorageSettings.Name, _storage)]);
        builder.Logging.ClearProviders().AddProvider(_log);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        Registration.AddMarketplaceWebhook(builder);
        _app = builder.Build();
        _app.MapFunctions();
        await _app.StartAsync(Cancellation);
        _host.BaseAddress = new Uri(_app.Urls.Single());
    }

    [Theory]
    [InlineData("curl/7.88.1 Azure-Functions-Host/4.1037.0.0", "curl/7.88.1")]
    [InlineData("Mozilla/5.0 (X11; Linux) Azure-Functions-Host/4.1037.0.0", "Mozilla/5.0 (X11; Linux)")]
    [InlineData("Azure-Functions-Host/4.1037.0.0", null)]
    [InlineData("curl/7.88.1", "curl/7.88.1")]
    public async Task User_agent_of_a_notification_is_the_callers_without_the_hosts(string header, string? expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/cyclr/marketplace")
        {
            Content = new ByteArrayContent(Bodies.Read("documented", "started")),
            Headers = { { "User-Agent", header } },
        };

        using var response = await _host.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var message = (await Storage.Queue.PeekMessageAsync(Cancellation)).Value;
        Assert.Equal(expected, Envelope.Read(message.MessageText).UserAgent);
    }

    [Fact]
    public async Task ProjectNotification_responds_with_an_object_when_the_message_is_projected()
    {
        await AssertCompletedAsync(await InvokeAsync("ProjectNotification", Message.Of(1, Message.Body("started"))));

        Assert.Single(await Rows.ListAsync(Storage.Installs, Cancellation));
    }

    [Fact]
    public async Task ProjectNotification_responds_with_500_when_the_message_must_be_retried()
    {
        using var response = await InvokeAsync("ProjectNotification", "just plain text");

        Assert.Equal(
            (HttpStatusCode.InternalServerError, ""),
            (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal(["Projection of (unreadable) failed: UnreadableEnvelopeException: it is not JSON"], _log.Errors);
    }

    [Fact]
    public async Task RecordDeadLetter_responds_with_an_object_when_the_row_is_written()
    {
        await AssertCompletedAsync(await InvokeAsync("RecordDeadLetter", "just plain text"));

        Assert.Single(await Rows.ListAsync(Storage.DeadLetters, Cancellation));
        Assert.StartsWith("Dead letter 00000000-0000-7eba-", Assert.Single(_log.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ProjectNotification")]
    [InlineData("RecordDeadLetter")]
    public async Task Body_that_is_not_an_invocation_gets_500(string function)
    {
        using var response = await _host.PostAsync($"/{function}", new StringContent("no json"), Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal([$"Function {function} could not read its invocation: JsonReaderException"], _log.Errors);
    }

    public async ValueTask DisposeAsync()
    {
        _host.Dispose();
        await _app.DisposeAsync();
    }

    private Task<HttpResponseMessage> InvokeAsync(string function, string message) => _host.PostAsync(
        $"/{function}",
        JsonContent.Create(new
        {
            Data = new { message = JsonSerializer.Serialize(message) },
            Metadata = new { DequeueCount = "1" },
        }, options: new JsonSerializerOptions()),
        Cancellation);

    private static async Task AssertCompletedAsync(HttpResponseMessage response)
    {
        Assert.Equal(
            (HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Equal("{}", await response.Content.ReadAsStringAsync(Cancellation));
        response.Dispose();
    }
}
