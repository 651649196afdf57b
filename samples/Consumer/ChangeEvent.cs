namespace Consumer;

/// <summary>A message of the change feed: a CloudEvent 1.0. Later versions may add names.</summary>
public sealed record ChangeEvent
{
    /// <summary>The id of the notification. Its order as text, by code units, is the order of the notifications.</summary>
    public required string Id { get; init; }

    /// <summary>When the notification was received.</summary>
    public required DateTimeOffset Time { get; init; }

    public required Change Data { get; init; }

    /// <param name="id">Null: there was none before.</param>
    public bool IsLaterThan(string? id) => string.CompareOrdinal(Id, id) > 0;
}

/// <summary>As docs/change-feed.schema.json describes it.</summary>
public sealed record Change
{
    /// <summary>Cyclr's id of the account.</summary>
    public required Guid AccountId { get; init; }

    /// <summary>Your own id of the account.</summary>
    public string? AccountApiId { get; init; }

    public required long PackageId { get; init; }

    /// <summary>One of those in docs/change-feed.schema.json.</summary>
    public required string Status { get; init; }

    /// <summary>Whether the install had its status from this notification when the message was written.</summary>
    public required bool IsCurrent { get; init; }

    /// <summary>Above 0: installed but not running.</summary>
    public int? ErrorCount { get; init; }

    public required int CycleCount { get; init; }

    public string? CompleteParameter { get; init; }

    /// <summary>The label of the marketplace.</summary>
    public required string Source { get; init; }

    /// <summary>Names of the texts that were cut at 2,000 characters.</summary>
    public IReadOnlyList<string>? Truncated { get; init; }
}
