using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>What became of one notification so far, as this run saw it.</summary>
internal sealed record Activity
{
    /// <summary>The notification's id; of a call that got none, a number of this run.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required Outcome Outcome { get; init; }

    public string? Detail { get; init; }

    /// <summary>Null until a delivery has been read.</summary>
    public string? Status { get; init; }

    public Guid? AccountId { get; init; }

    public string? AccountApiId { get; init; }

    /// <summary>As text: JavaScript's numbers end at 2⁵³.</summary>
    public string? PackageId { get; init; }

    /// <summary>How often the queue delivered it.</summary>
    public int Deliveries { get; init; }

    /// <summary>From receipt to the first projection.</summary>
    public double? DelayMilliseconds { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<Outcome>))]
internal enum Outcome
{
    /// <summary>On the queue.</summary>
    Accepted,

    /// <summary>In the tables.</summary>
    Projected,

    /// <summary>A delivery failed; the message comes back.</summary>
    Retrying,

    /// <summary>In DeadLetters, after its last delivery.</summary>
    Dead,

    /// <summary>In DeadLetters, at the door.</summary>
    Refused,

    /// <summary>The key was missing or wrong.</summary>
    Unauthorized,

    /// <summary>Storage did not take it in time.</summary>
    Unavailable,
}
