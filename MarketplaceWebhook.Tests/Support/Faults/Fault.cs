namespace MarketplaceWebhook.Tests.Support.Faults;

/// <summary>What a <see cref="FaultProxy"/> does to a storage call instead of answering it.</summary>
public abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>The service says no, as it does: status, <c>x-ms-error-code</c>, a body with the code.</summary>
    public sealed record Refusal(int Status, string Code) : Fault;

    /// <summary>No answer, until the caller gives up or the proxy ends.</summary>
    public sealed record Hang : Fault;

    /// <summary>The connection breaks without an answer.</summary>
    public sealed record Reset : Fault;

    public static Fault ServerBusy { get; } = new Refusal(503, "ServerBusy");

    public static Fault TooManyRequests { get; } = new Refusal(429, "TooManyRequests");

    public static Fault InternalError { get; } = new Refusal(500, "InternalError");

    public static Fault Forbidden { get; } = new Refusal(403, "AuthorizationFailure");

    public static Fault NoAnswer { get; } = new Hang();

    public static Fault BrokenConnection { get; } = new Reset();
}
