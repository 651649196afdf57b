using Microsoft.AspNetCore.Routing;

namespace MarketplaceWebhook.Cli.LocalHost;

public sealed record LocalFunctionsHostOptions
{
    /// <summary>The built function app: host.json, the functions' folders, the executable.</summary>
    public required string AppDirectory { get; init; }

    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; }

    /// <summary>The one key, for every function and every level.</summary>
    public string Key { get; init; } = "local-dev-key";

    /// <summary>Settings over those of this process's environment, for the host and the handler; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>AzureWebJobsStorage; null leaves it to the environment.</summary>
    public string? StorageConnection { get; init; }

    /// <summary>Called from many threads, one call at a time.</summary>
    public Action<HostEvent> Observe { get; init; } = _ => { };

    /// <summary>The app starts only when a debugger is attached to it, however long that takes.</summary>
    public bool WaitsForDebugger { get; init; }

    /// <summary>Maps what this host serves beside the functions: it answers for itself, without key and report.</summary>
    public Action<IEndpointRouteBuilder> MapBeside { get; init; } = _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long a message is invisible to others while its invocation is under way, or after that was cut off.</summary>
    public TimeSpan MessageLease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long calls under way may go on when the host stops.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);
}
