namespace MarketplaceWebhook.LocalHost;

/// <summary>
/// Something that the host observed or did. Texts come from outside: escape control characters before showing them.
/// </summary>
public abstract record HostEvent;

/// <param name="Port">Where a custom handler must listen, or where this host waits for the connection of an isolated
/// worker.</param>
public sealed record WorkerStarted(int ProcessId, int Port) : HostEvent;

/// <summary>The process could not be started again; the host keeps trying.</summary>
public sealed record WorkerNotStarted(string Reason) : HostEvent;

/// <param name="After">From the start of the process until its functions could be called.</param>
public sealed record WorkerReady(int ProcessId, TimeSpan After) : HostEvent;

/// <summary>A line of the worker's output, or of its log.</summary>
public sealed record WorkerWrote(string Line, bool IsError) : HostEvent;

/// <summary>A line of the log that the Functions host itself would write.</summary>
public sealed record HostWrote(string Line) : HostEvent;

/// <summary>The other functions are run.</summary>
public sealed record FunctionNotRun(string Function, string Reason) : HostEvent;

public sealed record WorkerExited(int ProcessId, int ExitCode, RealHostReaction RealHost) : HostEvent;

/// <summary>The host itself kills the worker and starts it again, for example after a function timeout.</summary>
public sealed record WorkerRestarted(int ProcessId, string Reason) : HostEvent;

/// <param name="Function">Null if no function has this path and method (404).</param>
/// <param name="Path">Without the query.</param>
/// <param name="Response">The first 4 KiB of the body.</param>
public sealed record HttpInvocation(
    string? Function, string Method, string Path, int Status, string Response, TimeSpan Duration) : HostEvent;

/// <summary>The client received 500 because its request could not be sent to the worker.</summary>
public sealed record RequestNotForwarded(string Function, string Reason) : HostEvent;

/// <param name="Detail">The worker's response, in a few words.</param>
public sealed record QueueInvocation(
    string Function, string MessageId, string Text, long DequeueCount, QueueOutcome Outcome, string Detail, TimeSpan Duration)
    : HostEvent;

/// <param name="Text">The message, a CloudEvent.</param>
/// <param name="Status">Null: no response.</param>
/// <param name="Reason">Of the status, or why there is no response.</param>
/// <param name="RetryAfter">Null: delivered.</param>
public sealed record ChangeForwarded(
    string Text, int? Status, string Reason, long DequeueCount, TimeSpan? RetryAfter, TimeSpan Duration) : HostEvent;

/// <summary>A message went to the poison queue, with or without an attempt.</summary>
public sealed record MessagePoisoned(string QueueName, string MessageId, string Reason) : HostEvent;

/// <summary>A message of a poison queue failed for the last time: it stays in the queue and is never delivered again.</summary>
public sealed record MessageAbandoned(string QueueName, string MessageId) : HostEvent;

public sealed record StorageFailed(string QueueName, string Reason) : HostEvent;

public sealed record StorageRecovered(string QueueName) : HostEvent;

public enum QueueOutcome
{
    Completed,
    Failed,
    TimedOut,
}

/// <summary>What the Functions host does when the worker exits; this host always starts it again.</summary>
public enum RealHostReaction
{
    StartsItAgain,

    /// <summary>After exit code 0 the worker is not started again, and every call receives 500.</summary>
    RespondsWith500,

    /// <summary>At the third crash within 30 minutes.</summary>
    Stops,
}
