using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.EndToEndTests.Properties;

/// <summary>Kills the worker once, after a number of storage calls from when it is armed; 0: before the first.</summary>
internal sealed class CrashPoint(ProxiedApplication application, int calls)
{
    private int _calls;
    private StorageCall? _killedAt;

    public bool Reached { get; private set; }

    public void Arm()
    {
        foreach (var proxy in new[] { application.Proxy, application.FallbackProxy }.OfType<FaultProxy>())
        {
            proxy.Before = call => Task.FromResult(IsPoint(call) && calls == 0 ? Kill() : null);
            proxy.After = (call, _) => Task.FromResult(ReferenceEquals(call, _killedAt) && calls > 0 ? Kill() : null);
        }
    }

    /// <summary>Kills before the first call, after it, after the second … until a run makes fewer calls than that.</summary>
    /// <returns>How many times it was killed.</returns>
    public static async Task<int> KillAtEachAsync(ProxiedApplication application, Func<CrashPoint, Task> run)
    {
        for (var killed = 0; ; killed++)
        {
            var point = new CrashPoint(application, killed);
            await run(point);
            if (!point.Reached)
            {
                return killed > 0 ? killed : throw new InvalidOperationException("There was no storage call to be killed at.");
            }
        }
    }

    private bool IsPoint(StorageCall call)
    {
        if (call.IsOfHost || Interlocked.Increment(ref _calls) != Math.Max(calls, 1))
        {
            return false;
        }

        _killedAt = call;
        return true;
    }

    private Fault? Kill()
    {
        Reached = true;
        application.KillWorker();
        return Fault.BrokenConnection;
    }
}
