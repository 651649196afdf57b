namespace MarketplaceWebhook.Cli.LocalHost.Handling;

/// <summary>What the real host does about an exit: it stops itself at the third crash within 30 minutes.</summary>
internal sealed class CrashCount(TimeProvider time)
{
    private const int Allowed = 3;

    // The exit code by which a handler asks to be started again.
    private const int IntentionalRestart = 200;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    private readonly Queue<DateTimeOffset> crashes = [];

    public RealHostReaction Add(int exitCode)
    {
        if (exitCode == 0)
            return RealHostReaction.AnswersEveryCallWith500;
        if (exitCode == IntentionalRestart)
            return RealHostReaction.StartsItAgain;

        var now = time.GetUtcNow();
        crashes.Enqueue(now);
        while (now - crashes.Peek() > Window)
            crashes.Dequeue();
        return crashes.Count >= Allowed ? RealHostReaction.Stops : RealHostReaction.StartsItAgain;
    }
}
