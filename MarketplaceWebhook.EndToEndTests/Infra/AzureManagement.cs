using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.EndToEndTests.Infra;

/// <summary>
/// A test double of Azure Resource Manager on loopback, for the calls of the postdeploy hook: the keys of one function.
/// https://learn.microsoft.com/rest/api/appservice/web-apps/list-function-keys and .../create-or-update-function-secret
/// </summary>
internal sealed class AzureManagement : IAsyncDisposable
{
    public const string AppId = "/subscriptions/0/resourceGroups/rg-test/providers/Microsoft.Web/sites/func-test";
    public const string Token = "token-for-azure-resource-manager";
    public const string NewKey = "made+by/Azure==";

    private readonly WebApplication _app;
    private readonly Dictionary<string, string> _keys = new() { ["default"] = "the-default-key" };

    private AzureManagement(WebApplication app) => this._app = app;

    /// <summary>Method and path of each call that had the token and an API version.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>How many calls get 404 before the function is listed.</summary>
    public int CallsBeforeFunctionIsListed { get; set; }

    /// <summary>The status that a call (its method, and its number of this method) gets; null: its response.</summary>
    public Func<string, int, int?> Fault { get; set; } = (_, _) => null;

    /// <summary>A call with a fault takes effect all the same.</summary>
    public bool FaultsComeAfterTheEffect { get; set; }

    /// <summary>Whether calls get no response.</summary>
    public bool IsSilent { get; set; }

    public string Url =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/";

    public static async Task<AzureManagement> StartAsync(string? cyclrKey = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var management = new AzureManagement(builder.Build());
        if (cyclrKey is not null)
        {
            management._keys["cyclr"] = cyclrKey;
        }

        management._app.Run(management.RespondAsync);
        await management._app.StartAsync(Cancellation);
        return management;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task RespondAsync(HttpContext http)
    {
        if (http.Request.Headers.Authorization != $"Bearer {Token}" || http.Request.Query["api-version"].Count != 1)
        {
            http.Response.StatusCode = 401;
            return;
        }

        var call = $"{http.Request.Method} {http.Request.Path}";
        Calls.Add(call);
        if (IsSilent)
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (CallsBeforeFunctionIsListed-- > 0)
        {
            await FailAsync(http, 404);
            return;
        }

        var number = Calls.Count(call => call.StartsWith(http.Request.Method, StringComparison.Ordinal));
        if (Fault(http.Request.Method, number) is { } status)
        {
            if (FaultsComeAfterTheEffect)
            {
                _keys["cyclr"] = NewKey;
            }

            await FailAsync(http, status);
            return;
        }

        switch (call)
        {
            case $"POST {AppId}/functions/ReceiveNotification/listkeys":
                await http.Response.WriteAsJsonAsync(_keys);
                break;
            case $"PUT {AppId}/functions/ReceiveNotification/keys/cyclr":
                _keys["cyclr"] = NewKey;
                http.Response.StatusCode = 201;
                await http.Response.WriteAsJsonAsync(new { properties = new { name = "cyclr", value = NewKey } });
                break;
            default:
                await FailAsync(http, 404);
                break;
        }
    }

    /// <summary>
    /// The form of every error: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md.
    /// </summary>
    private static Task FailAsync(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(
            new { error = new { code = $"CodeOf{status}", message = "Something \"quoted\" that is not shown." } });
    }
}
