namespace MarketplaceWebhook.LocalHost.Workers;

/// <summary>Predicts what the Functions host does about an exit: it stops itself at the third crash within 30 minutes.</summary>
internal sealed class CrashLimit(TimeProvider time)
{
    private const int Allowed = 3;

    // A worker that exits with this code asks to be started again.
    private const int IntentionalRestart = 200;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    private readonly Queue<DateTimeOffset> _crashes = [];

    public RealHostReaction Add(int exitCode)
    {
        if (exitCode == 0)
        {
            return RealHostReaction.RespondsWith500;
        }

        if (exitCode == IntentionalRestart)
        {
            return RealHostReaction.StartsItAgain;
        }

        var now = time.GetUtcNow();
        _crashes.Enqueue(now);
        while (now - _crashes.Peek() > Window)
        {
            _crashes.Dequeue();
        }

        return _crashes.Count >= Allowed ? RealHostReaction.Stops : RealHostReaction.StartsItAgain;
    }
}
