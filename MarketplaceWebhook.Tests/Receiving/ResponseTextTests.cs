using System.Text;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Telemetry;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Receiving;

/// <summary>The texts of the HTTP responses. Those of single fields are in Bodies/.</summary>
public sealed partial class ResponseTextTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Responses_are_approved()
    {
        await using var proxy = await FaultProxy.StartAsync(azurite.NewAccount(), Cancellation);
        await using var app = new TestApp(proxy.ConnectionString);
        using var caller = await AcceptingTests.CallerAsync(app);
        var text = new StringBuilder();

        await PostAsync("a documented body", "", Bodies.Read("documented", "started"));
        await PostAsync("a body that is not JSON", "", "not JSON"u8.ToArray());
        await PostAsync("a body with missing fields", "", "{}"u8.ToArray());
        await PostAsync("an invalid source label", "/not_a_label", Bodies.Read("documented", "started"));
        await PostAsync("a body over 1 MiB", "", new byte[(1024 * 1024) + 1]);
        using (proxy.Break(Fault.ServerBusy))
        {
            await PostAsync("a documented body while storage is busy", "", Bodies.Read("documented", "started"));
            await AppendAsync("GET /api/health while storage is busy", await caller.GetAsync("/api/health", Cancellation));
        }

        Approved.AssertIs("responses", Times().Replace(Ids().Replace(text.ToString(), "ID"), "TIME"));

        async Task PostAsync(string what, string path, byte[] body)
        {
            using var content = AcceptingTests.Content(body);
            await AppendAsync(
                $"POST {what}", await caller.PostAsync($"/api/cyclr/marketplace{path}", content, Cancellation));
        }

        async Task AppendAsync(string what, HttpResponseMessage response)
        {
            using (response)
            {
                text.Append($"{what}\n{(int)response.StatusCode} {response.ReasonPhrase}\n");
                if (response.Headers.TryGetValues(ApplicationVersion.HeaderName, out var version))
                {
                    Assert.Equal([ApplicationVersion.Text], version);
                    text.Append($"{ApplicationVersion.HeaderName}: VERSION\n");
                }

                text.Append($"{await response.Content.ReadAsStringAsync(Cancellation)}\n\n");
            }
        }
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}")]
    private static partial Regex Ids();

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")]
    private static partial Regex Times();
}
