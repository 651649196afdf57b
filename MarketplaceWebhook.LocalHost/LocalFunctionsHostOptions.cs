using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.LocalHost;

public sealed record LocalFunctionsHostOptions
{
    /// <summary>The folder of the built function app.</summary>
    public required string AppDirectory { get; init; }

    /// <summary>0 selects a free port.</summary>
    public int Port { get; init; }

    /// <summary>The only key, for every function and every level.</summary>
    public required string Key { get; init; }

    /// <summary>
    /// Settings for the host and the worker. They override the environment of this process; null removes a variable.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>AzureWebJobsStorage; null keeps the value of the environment.</summary>
    public string? StorageConnection { get; init; }

    /// <summary>Called from many threads, one call at a time.</summary>
    public Action<HostEvent> Observe { get; init; } = _ => { };

    /// <summary>The app waits for a debugger before it starts.</summary>
    public bool WaitsForDebugger { get; init; }

    /// <summary>Maps what this host serves besides the functions: without key check and events.</summary>
    public Action<IEndpointRouteBuilder> MapOther { get; init; } = _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long the worker may take until its functions can be called, unless it waits for a debugger.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a message is invisible to others while it is being processed, or after its processing was aborted.
    /// </summary>
    public TimeSpan MessageLease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long calls in progress may continue when the host stops.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);
}
