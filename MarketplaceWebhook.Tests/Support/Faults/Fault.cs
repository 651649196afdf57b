namespace MarketplaceWebhook.Tests.Support.Faults;

/// <summary>What a <see cref="FaultProxy"/> does to a storage call in place of a response.</summary>
public abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>An error of the service, in its form: status, <c>x-ms-error-code</c>, a body with the code.</summary>
    public sealed record Response(int Status, string Code) : Fault;

    /// <summary>No response until the caller gives up or the proxy ends.</summary>
    public sealed record Hang : Fault;

    /// <summary>The connection breaks without a response.</summary>
    public sealed record Reset : Fault;

    public static Fault ServerBusy { get; } = new Response(503, "ServerBusy");

    public static Fault TooManyRequests { get; } = new Response(429, "TooManyRequests");

    public static Fault InternalError { get; } = new Response(500, "InternalError");

    public static Fault Forbidden { get; } = new Response(403, "AuthorizationFailure");

    public static Fault NoResponse { get; } = new Hang();

    public static Fault BrokenConnection { get; } = new Reset();
}
