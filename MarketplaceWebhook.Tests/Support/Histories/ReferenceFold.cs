using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.Histories;

/// <summary>
/// What the tables must hold, from the design alone and in the most naive way: the arrivals sorted by id, applied once, one after
/// the other. It shares no code with the application.
/// </summary>
internal static class ReferenceFold
{
    public static List<TableEntity> Installs(IEnumerable<Arrival> history) =>
    [
        .. history.DistinctBy(arrival => arrival.Id)
            .OrderBy(arrival => arrival.Id, StringComparer.Ordinal)
            .Where(arrival => arrival.Status.Trim().ToLowerInvariant() is "installed" or "uninstalled" or "started" or "stopped")
            .GroupBy(arrival => (arrival.Account, arrival.Package))
            .SelectMany(package => Rows(package.Key.Account, package.Key.Package, package)),
    ];

    public static List<TableEntity> StatusChanges(IEnumerable<Arrival> history) =>
        [.. history.DistinctBy(arrival => arrival.Id).Select(StatusChange)];

    private static IEnumerable<TableEntity> Rows(Guid account, long package, IEnumerable<Arrival> sorted)
    {
        var number = package.ToString(CultureInfo.InvariantCulture);
        var install = new TableEntity(account.ToString(), number) { ["Kind"] = "install", ["PackageId"] = package };
        var cycles = new Dictionary<Guid, TableEntity>();
        foreach (var arrival in sorted)
        {
            var status = arrival.Status.Trim().ToLowerInvariant();
            install["Status"] = status;
            install["StatusAt"] = arrival.ReceivedAt;
            install["StatusNotificationId"] = arrival.Id;
            install["AccountApiId"] = ApiId(arrival);
            install["CompleteParameter"] = arrival.CompleteParameter;
            install["Source"] = arrival.Source;
            switch (status)
            {
                case "installed":
                    install["InstalledAt"] = arrival.ReceivedAt;
                    install["InstalledNotificationId"] = arrival.Id;
                    install["ErrorCount"] = Errors(arrival)?.Count ?? 0;
                    install["Errors"] = Errors(arrival) is { } errors ? JsonSerializer.Serialize(errors) : null;
                    install["UserId"] = arrival.UserId;
                    break;
                case "uninstalled":
                    install["UninstalledAt"] = arrival.ReceivedAt;
                    install["UninstalledNotificationId"] = arrival.Id;
                    break;
                case "started":
                    install["StartedAt"] = arrival.ReceivedAt;
                    break;
                case "stopped":
                    install["StoppedAt"] = arrival.ReceivedAt;
                    break;
            }

            if (status == "uninstalled")
            {
                cycles.Clear();
            }
            else
            {
                foreach (var cycle in arrival.Cycles ?? [])
                {
                    cycles[cycle.Id] = Cycle(account, number, arrival, cycle);
                }
            }
        }

        install["CycleCount"] = cycles.Count;
        return cycles.Values.Prepend(install);
    }

    private static TableEntity Cycle(Guid account, string package, Arrival arrival, ArrivedCycle cycle) =>
        new(account.ToString(), $"{package}_{cycle.Id}")
        {
            ["Kind"] = "cycle",
            ["PackageId"] = arrival.Package,
            ["CycleId"] = cycle.Id.ToString(),
            ["CycleStatus"] = cycle.Status,
            ["TemplateId"] = cycle.Template?.ToString(),
            ["WebhookCount"] = cycle.Urls.Count,
            ["Webhooks"] = JsonSerializer.Serialize(cycle.Urls.Select(url => new { Url = url, StepName = "Step" })),
            ["ReportedAt"] = arrival.ReceivedAt,
            ["NotificationId"] = arrival.Id,
        };

    /// <summary>An empty one is an absent one.</summary>
    private static string? ApiId(Arrival arrival) => arrival.AccountApiId is "" ? null : arrival.AccountApiId;

    /// <summary>Texts, and what else counts as an error, as JSON.</summary>
    private static List<string>? Errors(Arrival arrival) => arrival.Errors?.Where(error => !IsEmpty(error))
        .Select(error => error.StartsWith('"') ? JsonSerializer.Deserialize<string>(error)! : error)
        .ToList();

    private static string? Warnings(Arrival arrival)
    {
        var warnings = (arrival.Errors ?? []).Select((error, index) =>
            IsEmpty(error) ? $"Errors[{index}]: is empty; skipped."
            : error.StartsWith('"') ? null
            : $"Errors[{index}]: is not readable text; kept as JSON.");
        return warnings.OfType<string>().ToList() is { Count: > 0 } all ? JsonSerializer.Serialize(all) : null;
    }

    private static bool IsEmpty(string error) => error is "null" or "false" or "\"\"" or "{}" or "[]";

    private static TableEntity StatusChange(Arrival arrival)
    {
        var ticks = (DateTime.MaxValue.Ticks - arrival.ReceivedAt.UtcTicks).ToString("d19", CultureInfo.InvariantCulture);
        return new(arrival.Account.ToString(), $"{ticks}_{arrival.Id}")
        {
            ["NotificationId"] = arrival.Id,
            ["ReceivedAt"] = arrival.ReceivedAt,
            ["Source"] = arrival.Source,
            ["Status"] = arrival.Status.Trim().ToLowerInvariant(),
            ["PackageId"] = arrival.Package,
            ["AccountApiId"] = ApiId(arrival),
            ["UserId"] = arrival.UserId,
            ["CompleteParameter"] = arrival.CompleteParameter,
            ["CycleCount"] = arrival.Cycles?.Count,
            ["ErrorCount"] = Errors(arrival)?.Count,
            ["Errors"] = Errors(arrival) is { } errors ? JsonSerializer.Serialize(errors) : null,
            ["Warnings"] = Warnings(arrival),
            ["Payload"] = arrival.Body(),
        };
    }
}
