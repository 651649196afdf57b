using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Dashboard;

/// <summary>
/// Three installs of one account over ten days, delivered as a queue may deliver them: late, twice, in any order.
/// The resulting rows must be the same as for deliveries in the notifications' own order.
/// </summary>
public sealed record Scenario(IReadOnlyList<Scenario.Delivery> Deliveries, IReadOnlyDictionary<string, string> Expected)
{
    /// <param name="MessageText">The envelope, as the receiver puts it on the queue.</param>
    public sealed record Delivery(NotificationId Id, string Status, long PackageId, bool IsRepeated, string MessageText);

    private static readonly (long Package, double DaysAgo, string Status)[] Lifetimes =
    [
        (1201, 10.0, KnownStatus.Installed),
        (1201, 8.5, KnownStatus.Stopped),
        (1201, 7.2, KnownStatus.Started),
        (1201, 4.0, KnownStatus.Uninstalled),
        (1201, 2.5, KnownStatus.Installed),
        (1201, 0.6, KnownStatus.Started),
        (1202, 9.0, KnownStatus.Installed),
        (1202, 6.0, KnownStatus.Stopped),
        (1202, 5.5, KnownStatus.Started),
        (1202, 1.2, KnownStatus.Stopped),
        (1203, 6.5, KnownStatus.Installed),
        (1203, 6.3, KnownStatus.Started),
        (1203, 3.0, KnownStatus.Uninstalled),
    ];

    /// <summary>The status that each package must have at the end.</summary>
    private static readonly Dictionary<string, string> LastStatuses = Lifetimes
        .GroupBy(step => step.Package)
        .ToDictionary(package => InstallView.PackageText(package.Key), package => package.MinBy(step => step.DaysAgo).Status);

    /// <param name="random">Determines the repeated deliveries and the order.</param>
    public static Scenario Create(Guid accountId, string accountApiId, DateTimeOffset now, Random random)
    {
        var once = Lifetimes.Select(step => Deliver(accountId, accountApiId, now, step, random)).ToList();
        var all = once.Concat(once.Where(_ => random.NextDouble() < 0.4).ToList()).ToArray();
        random.Shuffle(all);

        var delivered = new HashSet<NotificationId>();
        return new Scenario(
            [.. all.Select(delivery => delivery with { IsRepeated = !delivered.Add(delivery.Id) })], LastStatuses);
    }

    private static Delivery Deliver(
        Guid accountId, string accountApiId, DateTimeOffset now,
        (long Package, double DaysAgo, string Status) step, Random random)
    {
        var id = NotificationId.Create(
            now.AddDays(-step.DaysAgo).ToUnixTimeMilliseconds(), counter: 0, (ulong)random.NextInt64());
        var body = new JsonObject
        {
            ["Status"] = step.Status,
            ["AccountId"] = accountId,
            ["AccountApiId"] = accountApiId,
            ["MarketplaceIntegrationPackageId"] = step.Package,
        };
        if (step.Status == KnownStatus.Installed)
        {
            body["MarketplaceInstallDetails"] = new JsonArray([.. Cycles(step.Package, random)]);
            body["Errors"] = step.Package == 1202
                ? new JsonArray("Failed to start cycle: the connector asks to sign in again") : [];
            body["UserId"] = NewGuid(random);
        }

        var envelope = Envelope.Write(id, "default", traceParent: null, Encoding.UTF8.GetBytes(body.ToJsonString()));
        return new Delivery(id, step.Status, step.Package, IsRepeated: false, Encoding.UTF8.GetString(envelope.Span));
    }

    private static IEnumerable<JsonNode> Cycles(long packageId, Random random)
    {
        foreach (var name in packageId == 1203 ? ["Contacts"] : (string[])["Contacts", "Invoices"])
        {
            yield return new JsonObject
            {
                ["CycleId"] = NewGuid(random),
                ["CycleStatus"] = packageId == 1202 && name == "Invoices" ? "Paused" : "Active",
                ["TemplateId"] = NewGuid(random),
                ["TemplateReleaseId"] = NewGuid(random),
                ["Webhooks"] = new JsonArray(new JsonObject
                {
                    ["Url"] = string.Create(
                        CultureInfo.InvariantCulture, $"https://example.com/api/webhook/{random.NextInt64():x16}"),
                    ["StepName"] = $"{name} changed",
                }),
            };
        }
    }

    private static Guid NewGuid(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
