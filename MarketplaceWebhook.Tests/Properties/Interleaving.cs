using Azure;
using MarketplaceWebhook.Tests.Support.MemoryTables;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// Runs deliveries side by side and decides by chance, from a seed, which of them makes its next storage call, gets its next
/// response or wakes from a delay; which of them crashes there and is delivered again; and which call fails. One step at a time,
/// on one thread.
/// </summary>
/// <remarks>
/// A crash leaves calls behind that storage may still do later, as a killed process leaves bytes on the wire. They are done
/// before the message is delivered again: the queue holds it back for 10 s or more.
/// </remarks>
internal sealed class Interleaving(Random random) : TimeProvider
{
    private static readonly AsyncLocal<Delivery?> Current = new();

    private readonly Lock _gate = new();
    private readonly List<Step> _waiting = [];
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private enum Point
    {
        BeforeCall,
        AfterCall,
        Timer,
    }

    private sealed record Step(Delivery? Delivery, Point Point, Action Go);

    private sealed class Delivery(Func<Task> deliver)
    {
        public Func<Task> Deliver => deliver;

        public Task Task { get; set; } = Task.CompletedTask;

        public bool Crashed { get; set; }
    }

    /// <summary>Of 1,000 steps, how many are a crash.</summary>
    public int CrashesPerMille { get; init; }

    /// <summary>Of 1,000 storage calls, how many fail before storage does them, and as many after.</summary>
    public int FaultsPerMille { get; init; }

    public int Crashes { get; private set; }

    public int Faults { get; private set; }

    public TableHooks Hooks => new()
    {
        Before = (_, _) => CallAsync(Point.BeforeCall),
        After = (_, _) => CallAsync(Point.AfterCall),
    };

    /// <summary>Ends when every delivery came to its end. One that fails fails this.</summary>
    public Task RunAsync(IEnumerable<Func<Task>> deliveries, int atOnce, CancellationToken cancellationToken) =>
        Task.Run(
            () => InterleaveAsync(
                new(deliveries.Select(deliver => new Delivery(deliver))), atOnce, cancellationToken), cancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private async Task InterleaveAsync(Queue<Delivery> due, int atOnce, CancellationToken cancellationToken)
    {
        var running = new List<Delivery>();
        var crashed = new List<Delivery>();
        while (due.Count + running.Count + crashed.Count > 0)
        {
            foreach (var ended in running.Where(delivery => delivery.Task.IsCompleted))
            {
                await ended.Task;
            }

            running.RemoveAll(delivery => delivery.Task.IsCompleted);

            foreach (var ready in crashed.Where(delivery => !IsInFlight(delivery)))
            {
                due.Enqueue(new(ready.Deliver));
            }

            crashed.RemoveAll(delivery => !IsInFlight(delivery));

            Task moved;
            Step? step;
            lock (_gate)
            {
                moved = _arrived.Task;
                step = _waiting.Count == 0 ? null : _waiting[random.Next(_waiting.Count)];
            }

            if (due.Count > 0 && running.Count < atOnce && (step is null || random.Next(3) == 0))
            {
                Start(due.Dequeue(), running);
            }
            else if (step is null)
            {
                Task[] changes = [moved, .. running.Select(delivery => delivery.Task)];
                if (running.Count > 0)
                {
                    await Task.WhenAny(changes).WaitAsync(cancellationToken);
                }
            }
            else if (step.Delivery is { Crashed: false } delivery && random.Next(1000) < CrashesPerMille)
            {
                Crash(delivery);
                running.Remove(delivery);
                crashed.Add(delivery);
            }
            else
            {
                Remove(step);
                step.Go();
            }
        }
    }

    private static void Start(Delivery delivery, List<Delivery> running)
    {
        Current.Value = delivery;
        delivery.Task = delivery.Deliver();
        Current.Value = null;
        running.Add(delivery);
    }

    private void Crash(Delivery delivery)
    {
        Crashes++;
        delivery.Crashed = true;
        lock (_gate)
        {
            _waiting.RemoveAll(step => step.Delivery == delivery && (step.Point != Point.BeforeCall || random.Next(2) == 0));
        }
    }

    private bool IsInFlight(Delivery delivery)
    {
        lock (_gate)
        {
            return _waiting.Exists(step => step.Delivery == delivery);
        }
    }

    private async Task CallAsync(Point point)
    {
        var delivery = Current.Value;
        if (delivery is { Crashed: true })
        {
            await Never();
        }

        var go = new TaskCompletionSource();
        Add(new(delivery, point, go.SetResult));
        await go.Task;
        if (point == Point.AfterCall && delivery is { Crashed: true })
        {
            await Never();
        }

        if (random.Next(1000) < FaultsPerMille)
        {
            Faults++;
            throw random.Next(3) switch
            {
                0 => new RequestFailedException(503, "Busy", "ServerBusy", null),
                1 => new RequestFailedException(500, "Failed", "InternalError", null),
                _ => new TaskCanceledException("The operation was cancelled because it exceeded the configured timeout."),
            };
        }
    }

    private static Task Never() => new TaskCompletionSource().Task;

    private void Add(Step step)
    {
        lock (_gate)
        {
            _waiting.Add(step);
            _arrived.TrySetResult();
            _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Remove(Step step)
    {
        lock (_gate)
        {
            _waiting.Remove(step);
        }
    }

    /// <summary>
    /// Fires when the interleaving chooses it, however long its delay is: time is one more thing that chance decides.
    /// </summary>
    private sealed class Timer(Interleaving steps, Action callback) : ITimer
    {
        private Step? _step;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Dispose();
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                steps.Add(_step = new(Current.Value, Point.Timer, callback));
            }

            return true;
        }

        public void Dispose()
        {
            if (_step is not null)
            {
                steps.Remove(_step);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
