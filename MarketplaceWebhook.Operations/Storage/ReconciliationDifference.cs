namespace MarketplaceWebhook.Storage;

/// <summary>A difference between an account's installs and Cyclr: a row of Reconciliations.</summary>
public sealed record ReconciliationDifference
{
    /// <summary>One of <see cref="DifferenceKind"/>.</summary>
    public required string Kind { get; init; }

    public long? PackageId { get; init; }

    public Guid? CycleId { get; init; }

    public string? TemplateId { get; init; }

    public string? Expected { get; init; }

    public string? Actual { get; init; }

    /// <summary>One line for people.</summary>
    public required string Detail { get; init; }
}

public static class DifferenceKind
{
    /// <summary>A notification reported a cycle that Cyclr no longer has.</summary>
    public const string MissingCycle = "missing-cycle";

    public const string UnexpectedStatus = "unexpected-status";

    /// <summary>Cyclr's ErrorCount is above 0.</summary>
    public const string CycleErrors = "cycle-errors";

    /// <summary>Cyclr has cycles of a package's template, and Installs has no live install of it.</summary>
    public const string PossibleMissedInstall = "possible-missed-install";

    /// <summary>The package was uninstalled after a notification reported the cycle, and Cyclr still has it.</summary>
    public const string LiveAfterUninstall = "live-after-uninstall";

    /// <summary>Cyclr denies access to the account or the cycle: it was not compared.</summary>
    public const string NotAccessible = "not-accessible";

    /// <summary>Cyclr's API failed for the account: it was not compared.</summary>
    public const string NotCompared = "not-compared";
}
