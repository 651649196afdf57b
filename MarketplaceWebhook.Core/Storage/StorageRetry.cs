using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace MarketplaceWebhook.Storage;

/// <summary>Tries again with jitter what may succeed yet: transient faults and lost races, for as long as the timeLimits lasts.</summary>
public sealed class StorageRetry
{
    private static readonly ResiliencePropertyKey<long> StartedAt = new("started-at");
    private static readonly TimeSpan LongestRace = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time;
    private readonly TimeSpan timeLimits;
    private readonly ResiliencePipeline pipeline;

    public StorageRetry(TimeLimits timeLimits, StorageClients clients, TimeProvider time, ILogger<StorageRetry> logger)
    {
        this.time = time;
        this.timeLimits = timeLimits.Projecting;
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(IsWorthwhile(arguments)),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(250),
                MaxDelay = TimeSpan.FromSeconds(10),
                DelayGenerator = arguments => ValueTask.FromResult(RaceDelay(arguments)),
                OnRetry = arguments =>
                {
                    Metrics.StorageRetried(clients.Use.Operation);
                    Log.Retried(logger, arguments.Context.OperationKey!, arguments.AttemptNumber + 1,
                        StorageErrors.Describe(arguments.Outcome.Exception!));
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <param name="id">Of what is projected, for the log.</param>
    public async Task<T> RunAsync<T>(string id, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(id, cancellationToken);
        try
        {
            context.Properties.Set(StartedAt, time.GetTimestamp());
            return await pipeline.ExecuteAsync(
                static async (context, attempt) => await attempt(context.CancellationToken), context, attempt);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private bool IsWorthwhile(RetryPredicateArguments<object> arguments) =>
        arguments.Outcome.Exception is { } fault
        && !arguments.Context.CancellationToken.IsCancellationRequested
        && (StorageErrors.IsTransient(fault) || StorageErrors.IsLostRace(fault))
        && time.GetElapsedTime(arguments.Context.Properties.GetValue(StartedAt, 0)) < timeLimits;

    /// <summary>A lost race is tried again soon, and later with every one that is lost; null leaves it to the exponential back-off.</summary>
    private static TimeSpan? RaceDelay(RetryDelayGeneratorArguments<object> arguments)
    {
        if (!StorageErrors.IsLostRace(arguments.Outcome.Exception!))
        {
            return null;
        }

        var longest = Math.Min(LongestRace.TotalMilliseconds, 20 * Math.Pow(2, Math.Min(arguments.AttemptNumber, 10)));
        return TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * longest);
    }
}
