using System.Diagnostics;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Waits for a state instead of for a time.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Reads until the value is as wanted.</summary>
    /// <exception cref="TimeoutException">It was not within 30 s.</exception>
    public static Task<T> GetAsync<T>(Func<T> read, Func<T, bool> wanted) => GetAsync(() => Task.FromResult(read()), wanted);

    /// <inheritdoc cref="GetAsync{T}(Func{T}, Func{T, bool})"/>
    public static async Task<T> GetAsync<T>(Func<Task<T>> read, Func<T, bool> wanted)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var value = await read();
            if (wanted(value))
                return value;
            if (Stopwatch.GetElapsedTime(since) > Deadline)
                throw new TimeoutException($"Still not as wanted after {Deadline.TotalSeconds:0} s: {value}");
            await Task.Delay(Poll, TestContext.Current.CancellationToken);
        }
    }
}
