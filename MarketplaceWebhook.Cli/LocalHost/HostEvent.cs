namespace MarketplaceWebhook.Cli.LocalHost;

/// <summary>What the host saw or did. Texts come from outside as they are: make them visible before they are shown.</summary>
public abstract record HostEvent;

public sealed record HandlerStarted(int ProcessId, int Port) : HostEvent;

/// <summary>The executable could not be started again; it is tried once more.</summary>
public sealed record HandlerNotStarted(string Reason) : HostEvent;

/// <param name="After">From its start to its first HTTP answer.</param>
public sealed record HandlerListening(int ProcessId, TimeSpan After) : HostEvent;

public sealed record HandlerWrote(string Line, bool IsError) : HostEvent;

public sealed record HandlerExited(int ProcessId, int ExitCode, RealHostReaction RealHost) : HostEvent;

/// <summary>The host itself kills the handler and starts it again, as after a function timeout.</summary>
public sealed record HandlerRestarted(int ProcessId, string Reason) : HostEvent;

/// <param name="Function">Null: the path and the method belong to none (404).</param>
/// <param name="Path">As matched, without the query.</param>
/// <param name="Answer">The first 4 KiB of the body.</param>
public sealed record HttpInvocation(
    string? Function, string Method, string Path, int Status, string Answer, TimeSpan Duration) : HostEvent;

/// <param name="Detail">What the handler answered, in a few words.</param>
public sealed record QueueInvocation(
    string Function, string MessageId, string Text, long DequeueCount, QueueOutcome Outcome, string Detail, TimeSpan Duration)
    : HostEvent;

/// <summary>A message went to the poison queue, with or without an attempt.</summary>
public sealed record MessagePoisoned(string QueueName, string MessageId, string Reason) : HostEvent;

/// <summary>A message of a poison queue has failed for the last time: it stays there, and is never delivered again.</summary>
public sealed record MessageAbandoned(string QueueName, string MessageId) : HostEvent;

public sealed record StorageFailed(string QueueName, string Reason) : HostEvent;

public sealed record StorageRecovered(string QueueName) : HostEvent;

public enum QueueOutcome
{
    Completed,
    Failed,
    TimedOut,
}

/// <summary>What the real host does when the handler exits; this one always starts it again.</summary>
public enum RealHostReaction
{
    StartsItAgain,

    /// <summary>After exit code 0.</summary>
    AnswersEveryCallWith500,

    /// <summary>At the third crash within 30 minutes.</summary>
    Stops,
}
