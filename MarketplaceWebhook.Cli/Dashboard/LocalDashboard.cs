using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// The page that `dev` serves alongside the functions: it sends notifications and shows their outcome and the tables. The same
/// page without a function key is that of `dashboard`: it reads a storage account, and has no endpoint that changes something.
/// </summary>
public sealed class LocalDashboard : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<LocalFunctionsHost> _hostStarted = new(
        TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Uri? _forwardedUrl;
    private readonly ServiceProvider _services;
    private readonly AccessCheck _access;
    private readonly HostObserver? _observer;
    private Task _running = Task.CompletedTask;

    /// <param name="settings">Those of the application.</param>
    /// <param name="key">The function key. Null: the page only reads, and creates nothing in the storage account.</param>
    /// <param name="chartLibrary">The path of Chart.js, once it is installed; without it the page has no charts.</param>
    /// <param name="forwardedUrl">Where the browser finds the page; null: at the address of the host.</param>
    public LocalDashboard(AppSettings settings, string? key, Task<string?> chartLibrary, Uri? forwardedUrl = null)
    {
        _forwardedUrl = forwardedUrl;
        var services = new ServiceCollection()
            .AddLogging().AddMaintenance(settings, key is null ? null : StorageProfile.Primary)
            .AddSingleton(provider => new AboutView(
                provider.GetRequiredService<StorageClients>().AccountName,
                provider.GetRequiredService<StorageClients>().Description,
                provider.GetService<FallbackStorage>()?.Clients.Description,
                CanWrite: key is not null))
            .AddSingleton<StatusChangeQueries>()
            .AddSingleton(new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }))
            .AddSingleton(new AccessCheck(forwardedUrl))
            .AddSingleton<PageEvents>()
            .AddSingleton<ActivityFeed>()
            .AddSingleton<StatusSampler>()
            .AddSingleton(new StaticFiles(chartLibrary))
            .AddSingleton<ReadEndpoints>();
        if (key is not null)
        {
            services.AddSingleton<HostObserver>()
                .AddSingleton<RedriveEndpoint>()
                .AddSingleton(provider => ActivatorUtilities.CreateInstance<SendEndpoints>(provider, _hostStarted.Task, key));
        }

        _services = services.BuildServiceProvider();
        _access = _services.GetRequiredService<AccessCheck>();
        _observer = _services.GetService<HostObserver>();
    }

    /// <summary>The address to open, with the token of this run.</summary>
    public Uri UrlOn(Uri baseAddress) => new(_forwardedUrl ?? baseAddress, $"/#token={_access.Token}");

    public void Observe(HostEvent hostEvent) => _observer?.Observe(hostEvent);

    public void Map(IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("").AddEndpointFilter(_access.OnThisMachineAsync);
        open.MapGet("/", StaticFiles.Index);
        open.MapGet("/assets/chart.js", _services.GetRequiredService<StaticFiles>().ChartLibrary);
        open.MapGet("/assets/statuses.js", StaticFiles.Statuses);
        open.MapGet("/assets/{name}", (string name) => StaticFiles.File(name));

        var guarded = open.MapGroup("/page")
            .AddEndpointFilter(_access.FromThePageAsync).AddEndpointFilter(ReportStorageErrorsAsync);
        guarded.MapGet("/about", () => _services.GetRequiredService<AboutView>());
        guarded.MapGet("/events", StreamEvents);
        _services.GetRequiredService<ReadEndpoints>().Map(guarded);
        _services.GetService<SendEndpoints>()?.Map(guarded);
        _services.GetService<RedriveEndpoint>()?.Map(guarded);
    }

    /// <summary>Starts sending to this host and observing it.</summary>
    public void Attach(LocalFunctionsHost host)
    {
        _hostStarted.SetResult(host);
        _running = Task.WhenAll(
            _observer!.RunAsync(_stopping.Token), _services.GetRequiredService<StatusSampler>().RunAsync(host, _stopping.Token));
    }

    /// <summary>Starts without a host: the page only reads.</summary>
    public void Start() => _running = _services.GetRequiredService<StatusSampler>().RunAsync(host: null, _stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _services.DisposeAsync();
        _stopping.Dispose();
    }

    private static async ValueTask<object?> ReportStorageErrorsAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (
            Exception exception) when (StorageErrors.IsStorage(exception)
                && !context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.Problem(
                ExpectedFailure.Describe(exception) ?? $"Storage does not respond: {StorageErrors.Describe(exception)}.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private IResult StreamEvents(HttpContext context)
    {
        // An open stream must not delay the shutdown of the host.
        var hostStopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, hostStopping);
        context.Response.RegisterForDispose(ending);
        var feed = _services.GetRequiredService<ActivityFeed>();
        var sampler = _services.GetRequiredService<StatusSampler>();
        return TypedResults.ServerSentEvents(_services.GetRequiredService<PageEvents>().ReadAsync(
            () => new { Activities = feed.ToList(), Status = sampler.Latest }, ending.Token));
    }
}
