namespace MarketplaceWebhook.Notifications;

/// <summary>One notification from Cyclr, validated. An optional value that was absent or unreadable is null.</summary>
public sealed record Notification
{
    /// <summary>Trimmed, lower case, 1 to 64 characters; see <see cref="KnownStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>Cyclr's own id of the account. All zero is valid.</summary>
    public required Guid AccountId { get; init; }

    /// <summary>MarketplaceIntegrationPackageId: at least 1.</summary>
    public required long PackageId { get; init; }

    /// <summary>The partner's own name for the account: any text.</summary>
    public string? AccountApiId { get; init; }

    public string? UserId { get; init; }

    public string? CompleteParameter { get; init; }

    /// <summary>MarketplaceInstallDetails: every CycleId once, at most <see cref="ReportedCycle.MaxCount"/>.</summary>
    public IReadOnlyList<ReportedCycle>? Details { get; init; }

    /// <summary>Messages from activating the new cycles.</summary>
    public IReadOnlyList<string>? Errors { get; init; }

    public required Warnings Warnings { get; init; }
}

/// <summary>One cycle that the package has in the account.</summary>
public sealed record ReportedCycle
{
    /// <summary>Of one notification.</summary>
    public const int MaxCount = 2_000;

    public required Guid CycleId { get; init; }

    /// <summary>Open text: Cyclr documents no list of values.</summary>
    public string? CycleStatus { get; init; }

    public string? TemplateId { get; init; }

    public string? TemplateReleaseId { get; init; }

    public IReadOnlyList<CycleWebhook> Webhooks { get; init; } = [];
}

/// <param name="Url">A secret: anyone who knows it can trigger the cycle.</param>
public sealed record CycleWebhook(string? Url, string? StepName);
