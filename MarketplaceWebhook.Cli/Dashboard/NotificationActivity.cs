using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>The outcome of one notification so far, as observed by this run.</summary>
internal sealed record NotificationActivity
{
    /// <summary>The notification id; for a request without one, a number of this run.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required Outcome Outcome { get; init; }

    public string? Detail { get; init; }

    /// <summary>Null until a delivery was parsed.</summary>
    public string? Status { get; init; }

    public Guid? AccountId { get; init; }

    public string? AccountApiId { get; init; }

    /// <summary>As text: JavaScript numbers are exact only up to 2⁵³.</summary>
    public string? PackageId { get; init; }

    /// <summary>How often the queue delivered it.</summary>
    public int Deliveries { get; init; }

    /// <summary>The response of the application of --forward-to, in a few words.</summary>
    public string? Forwarded { get; init; }

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

    /// <summary>A delivery failed; the message will be delivered again.</summary>
    Retrying,

    /// <summary>In DeadLetters, after its last delivery.</summary>
    Dead,

    /// <summary>In DeadLetters, rejected at the HTTP endpoint.</summary>
    Rejected,

    /// <summary>The key was missing or wrong.</summary>
    Unauthorized,

    /// <summary>Storage did not accept it in time.</summary>
    Unavailable,
}
