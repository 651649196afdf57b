using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace MarketplaceWebhook.Fallback;

/// <summary>
/// Sends a notification to the queue, or to the fallback storage if the primary storage does not accept it. If that fails, too,
/// the primary storage is tried again: a broken fallback storage must not make the application less available than none. A put
/// that timed out may have succeeded: the same notification is then on both queues, and is projected once.
/// </summary>
public sealed class NotificationSender
{
    /// <summary>The least that Polly can base a decision on.</summary>
    private const int MinimumCalls = 2;

    private static readonly TimeSpan OpenTime = TimeSpan.FromSeconds(10);

    private readonly NotificationQueue _primary;
    private readonly NotificationQueue? _fallback;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _pipeline;

    /// <param name="fallback">Null without a fallback storage.</param>
    public NotificationSender(
        NotificationQueue primary, TimeLimits timeLimits, TimeProvider time, ILogger<NotificationSender> logger,
        FallbackStorage? fallback = null)
    {
        (_primary, _fallback, _limit, _time, _logger) = (primary, fallback?.Queue, timeLimits.Receiving, time, logger);
        _pipeline = fallback is null ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is { } fault && !arguments.Context.CancellationToken.IsCancellationRequested
                        && IsFault(fault)),
                FailureRatio = 0.5,
                MinimumThroughput = MinimumCalls,
                SamplingDuration = OpenTime,
                BreakDuration = OpenTime,
            })
            .AddTimeout(timeLimits.Receiving / 2)
            .Build();
    }

    /// <summary>Durable when it returns. When it throws, the message may be on a queue or not.</summary>
    /// <returns><see cref="ReceiptOutcome.Accepted"/> or <see cref="ReceiptOutcome.Fallback"/>.</returns>
    public async Task<string> SendAsync(ReceivedNotification notification, CancellationToken cancellationToken)
    {
        if (_fallback is not null && await TrySendAsync(_fallback, notification, cancellationToken) is { } outcome)
        {
            return outcome;
        }

        // Without a fallback, or past the circuit breaker.
        await _primary.SendAsync(notification, cancellationToken);
        return ReceiptOutcome.Accepted;
    }

    /// <returns>Null: both storages failed.</returns>
    private async Task<string?> TrySendAsync(
        NotificationQueue fallback, ReceivedNotification notification, CancellationToken cancellationToken)
    {
        var startedAt = _time.GetTimestamp();
        try
        {
            await _pipeline.ExecuteAsync(
                async token => await _primary.SendAsync(notification, token), cancellationToken);
            return ReceiptOutcome.Accepted;
        }
        catch (Exception e) when (IsFault(e))
        {
            // Callers know this exception, but not that of the circuit breaker.
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryFallbackAsync(fallback, notification, startedAt, cancellationToken))
            {
                Log.SentToFallback(_logger, notification.Id.ToString(), StorageErrors.Describe(e));
                return ReceiptOutcome.Fallback;
            }

            return null;
        }
    }

    /// <summary>Within half of the time that is left.</summary>
    private async Task<bool> TryFallbackAsync(
        NotificationQueue fallback, ReceivedNotification notification, long startedAt, CancellationToken cancellationToken)
    {
        var left = _limit - _time.GetElapsedTime(startedAt);
        using var half = new CancellationTokenSource(left > TimeSpan.Zero ? left / 2 : TimeSpan.Zero, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(half.Token, cancellationToken);
        try
        {
            await fallback.SendAsync(notification, either.Token);
            return true;
        }
        catch (Exception e) when (StorageErrors.IsStorage(e) && !cancellationToken.IsCancellationRequested)
        {
            Metrics.FallbackFailed();
            Log.FallbackFailed(_logger, notification.Id.ToString(), StorageErrors.Describe(e));
            return false;
        }
    }

    /// <summary>A fault of the storage, a call that takes too long, or one that the open circuit breaker does not make.</summary>
    private static bool IsFault(Exception exception) =>
        StorageErrors.IsStorage(exception) || exception is ExecutionRejectedException;
}
