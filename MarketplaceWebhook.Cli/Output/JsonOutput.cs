using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>What --json prints. Names and shapes are a contract, also those of the records of Operations in it: scripts read
/// them. Times are UTC, absent values have no property.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<AccountJson>))]
[JsonSerializable(typeof(IReadOnlyList<AccountSummaryJson>))]
[JsonSerializable(typeof(IReadOnlyList<JsonObject>))]
[JsonSerializable(typeof(RebuildJson))]
[JsonSerializable(typeof(ReconciliationJson))]
[JsonSerializable(typeof(StatusJson))]
internal sealed partial class JsonOutput : JsonSerializerContext
{
    public static Option<bool> Option() => new("--json") { Description = "Print JSON." };
}

/// <summary>Rows of Installs, StatusChanges and DeadLetters, as <see cref="JsonRow"/> describes.</summary>
/// <param name="InstallsWithErrors">The rows of installs with errors, unless they are uninstalled.</param>
internal sealed record AccountJson(
    Guid AccountId, IReadOnlyList<string> InstallsWithErrors, IReadOnlyList<JsonObject> Installs,
    IReadOnlyList<JsonObject> Cycles, IReadOnlyList<JsonObject> History, IReadOnlyList<JsonObject> DeadLetters);

internal sealed record AccountSummaryJson(
    string AccountId, IReadOnlyList<string> AccountApiIds, IReadOnlyList<PackageStatusJson> Packages, long Errors,
    string? ChangedAt)
{
    public static AccountSummaryJson Of(AccountSummary account) => new(
        account.Id, account.ApiIds,
        [.. account.Packages.Select(package => new PackageStatusJson(package.Id, package.Status))],
        account.Errors, ConsoleOutput.JsonTime(account.ChangedAt));
}

internal sealed record PackageStatusJson(long? PackageId, string? Status);

internal sealed record RebuildJson(long Accounts, long Notifications, IReadOnlyList<RebuiltAccountJson> Differing);

internal sealed record RebuiltAccountJson(
    string Account, bool Applied, IReadOnlyList<DifferenceJson> Differences, IReadOnlyList<string> Problems);

/// <param name="Column">Absent if the row as a whole is missing or should not exist.</param>
internal sealed record DifferenceJson(string Row, string? Column, string? Is, string? ShouldBe);

/// <param name="Differing">The accounts that differ, or are not accessible.</param>
internal sealed record ReconciliationJson(int Accounts, IReadOnlyList<ReconciledAccountJson> Differing);

/// <param name="Account">The PartitionKey in Reconciliations.</param>
internal sealed record ReconciledAccountJson(
    string Account, string? AccountApiId, IReadOnlyList<ReconciliationDifference> Differences);

/// <param name="OldestReceivedAt">Of the visible messages on the queue; absent: none is visible.</param>
/// <param name="Fallback">Absent: the fallback storage was not checked.</param>
/// <param name="Reconciliation">Absent: `reconcile` has not run on this storage.</param>
/// <param name="Installs">Absent without --installs.</param>
/// <param name="Problems">What needs a person, for people; none: exit code 0.</param>
internal sealed record StatusJson(
    string Storage, bool Empty, int QueueMessages, string? OldestReceivedAt, int PoisonQueueMessages,
    FallbackJson? Fallback, int? ChangeFeedMessages, string DeadLettersSince,
    IReadOnlyList<DeadLetterCount> DeadLetters, ReconciliationRunJson? Reconciliation,
    IReadOnlyList<InstallCount>? Installs, IReadOnlyList<string> Problems)
{
    public static StatusJson Of(StatusReport report, string storage, DateTimeOffset since) => new(
        storage, report.IsEmpty,
        report.Queue.Waiting, ConsoleOutput.JsonTime(report.Queue.OldestReceivedAt), report.Queue.Poisoned,
        report.Fallback is { } state
            ? new FallbackJson(
                state.Waiting, ConsoleOutput.JsonTime(state.OldestReceivedAt), state.Poisoned,
                ConsoleOutput.JsonTime(report.FallbackCheck?.At), report.FallbackCheck?.Fault)
            : null,
        report.PassedOn, ConsoleOutput.JsonTime(since)!,
        report.DeadLetters,
        report.Reconciled is { } run ? ReconciliationRunJson.Of(run) : null,
        report.Installs,
        [.. ProblemsOf(report)]);

    private static bool IsLive(InstallCount count) => count.Status != KnownStatus.Uninstalled;

    private static IEnumerable<string> ProblemsOf(StatusReport report)
    {
        if (report.IsEmpty)
        {
            yield return "the storage is empty: the application has not run on it";
        }

        if (report.Queue.IsLate)
        {
            yield return "projection paused or failing: a message has been waiting for more than 10 minutes";
        }

        if (report.Queue.Poisoned > 0)
        {
            yield return "messages on the poison queue: they are not recorded as dead letters; `redrive --all` puts them back";
        }

        if (report.Fallback is { IsLate: true })
        {
            yield return "a notification has been in the fallback storage for more than 10 minutes: storage is failing, or "
                + "MoveFallback is not running";
        }

        if (report.Fallback is { Waiting: > 0, OldestReceivedAt: null })
        {
            yield return "messages in the fallback storage, and none was visible for a minute: storage is failing, so that they "
                + "are put back again and again, or they are just being moved";
        }

        if (report is { Fallback: not null, FallbackCheck: { Fault: { } fault } check })
        {
            yield return $"the fallback storage failed the application's check at {ConsoleOutput.Time(check.At)} UTC: {fault}";
        }

        if (report.Fallback is { Poisoned: > 0 })
        {
            yield return $"messages on {StorageNames.FallbackPoisonQueue}: RetryFallback does not put them back; do it before "
                + "they expire after 7 days";
        }

        if (report.DeadLetters.Any(count => count.Number > count.Redriven))
        {
            yield return "dead letters that were not redriven: `deadletters` lists them";
        }

        if (report.Installs?.Where(IsLive).Sum(count => count.WithErrors) is > 0 and var failing)
        {
            yield return $"{ConsoleOutput.Count(failing, "install")} with errors, as Cyclr reported: `accounts` lists them first";
        }
    }
}

/// <param name="CheckedAt">The application's last check of it; absent: there was none.</param>
/// <param name="CheckFault">Absent: it succeeded.</param>
internal sealed record FallbackJson(
    int QueueMessages, string? OldestReceivedAt, int PoisonQueueMessages, string? CheckedAt, string? CheckFault);

/// <param name="StartedAt">Absent: only single accounts were compared.</param>
/// <param name="FinishedAt">Absent: the run was cut off, or is not finished yet.</param>
internal sealed record ReconciliationRunJson(
    string? StartedAt, string? FinishedAt, long? Accounts, IReadOnlyList<DifferenceCount> Differences)
{
    public static ReconciliationRunJson Of(ReconciliationRun run) => new(
        ConsoleOutput.JsonTime(run.StartedAt), ConsoleOutput.JsonTime(run.FinishedAt), run.Accounts, run.Differences);
}
