using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace MarketplaceWebhook.Storage;

/// <summary>Retries transient faults and lost races with jitter, until the time limit.</summary>
public sealed class StorageRetry
{
    private static readonly ResiliencePropertyKey<long> StartedAt = new("started-at");
    private static readonly TimeSpan LongestRace = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly ResiliencePipeline _pipeline;

    public StorageRetry(TimeLimits timeLimits, TimeProvider time, ILogger<StorageRetry> logger)
    {
        _time = time;
        _limit = timeLimits.Projecting;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(IsWorthwhile(arguments)),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(250),
                MaxDelay = TimeSpan.FromSeconds(10),
                // Null means exponential back-off.
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(
                    StorageErrors.IsLostRace(arguments.Outcome.Exception!)
                        ? RaceDelay(arguments.AttemptNumber, Random.Shared.NextDouble()) : null),
                OnRetry = arguments =>
                {
                    Metrics.StorageRetried(RetriedOperation.Projection);
                    Log.Retried(logger, arguments.Context.OperationKey!, arguments.AttemptNumber + 1,
                        StorageErrors.Describe(arguments.Outcome.Exception!));
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>A lost race is retried soon, after a delay that grows with each one.</summary>
    /// <param name="jitter">From 0 to 1.</param>
    public static TimeSpan RaceDelay(int lostBefore, double jitter) =>
        jitter * TimeSpan.FromMilliseconds(
            Math.Min(LongestRace.TotalMilliseconds, 20 * Math.Pow(2, Math.Min(lostBefore, 10))));

    /// <param name="id">Of what is projected, for the log.</param>
    public async Task<T> RunAsync<T>(string id, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(id, cancellationToken);
        try
        {
            context.Properties.Set(StartedAt, _time.GetTimestamp());
            return await _pipeline.ExecuteAsync(
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
        && _time.GetElapsedTime(arguments.Context.Properties.GetValue(StartedAt, 0)) < _limit;
}
