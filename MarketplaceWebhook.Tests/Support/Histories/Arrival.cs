using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.Histories;

/// <summary>A notification as it arrived: its content, and its place in the order of receipt.</summary>
public sealed record Arrival
{
    /// <summary>Since 1970, UTC. Several arrivals may share it.</summary>
    public required long Millisecond { get; init; }

    /// <summary>Orders the arrivals of one millisecond.</summary>
    public required int Counter { get; init; }

    public string Source { get; init; } = "default";

    public required string Status { get; init; }

    public required Guid Account { get; init; }

    public required long Package { get; init; }

    public string? AccountApiId { get; init; }

    public string? UserId { get; init; }

    public string? CompleteParameter { get; init; }

    /// <summary>As JSON.</summary>
    public IReadOnlyList<string>? Errors { get; init; }

    public IReadOnlyList<ArrivedCycle>? Cycles { get; init; }

    /// <summary>
    /// A UUIDv7 of the millisecond, with the counter in the 12 bits after the version, unless the HTTP endpoint gave it.
    /// </summary>
    public string Id
    {
        get => field ?? string.Create(
            CultureInfo.InvariantCulture, $"{Millisecond >> 16:x8}-{Millisecond & 0xFFFF:x4}-7{Counter:x3}-8000-000000000000");
        init;
    }

    public DateTimeOffset ReceivedAt => DateTimeOffset.FromUnixTimeMilliseconds(Millisecond);

    /// <summary>The arrival of a row of StatusChanges, by its payload, which was created by <see cref="Body"/>.</summary>
    public static Arrival FromLog(TableEntity row)
    {
        var body = JsonNode.Parse(row.GetString("Payload"))!;
        return new()
        {
            Id = row.GetString("NotificationId"),
            Millisecond = row.GetDateTimeOffset("ReceivedAt")!.Value.ToUnixTimeMilliseconds(),
            Counter = 0,
            Source = row.GetString("Source"),
            Status = (string)body[nameof(Status)]!,
            Account = (Guid)body["AccountId"]!,
            Package = (long)body["MarketplaceIntegrationPackageId"]!,
            AccountApiId = (string?)body[nameof(AccountApiId)],
            UserId = (string?)body[nameof(UserId)],
            CompleteParameter = (string?)body[nameof(CompleteParameter)],
            Errors = body[nameof(Errors)]?.AsArray().Select(error => error?.ToJsonString() ?? "null").ToList(),
            Cycles = body["MarketplaceInstallDetails"]?.AsArray().Select(cycle => ArrivedCycle.FromJson(cycle!)).ToList(),
        };
    }

    /// <summary>The request's body, as Cyclr would send it.</summary>
    public string Body()
    {
        var body = new JsonObject
        {
            [nameof(Status)] = Status,
            ["AccountId"] = Account.ToString(),
            ["MarketplaceIntegrationPackageId"] = Package,
        };
        if (AccountApiId is not null)
        {
            body[nameof(AccountApiId)] = AccountApiId;
        }

        if (UserId is not null)
        {
            body[nameof(UserId)] = UserId;
        }

        if (CompleteParameter is not null)
        {
            body[nameof(CompleteParameter)] = CompleteParameter;
        }

        if (Errors is not null)
        {
            body[nameof(Errors)] = new JsonArray([.. Errors.Select(error => JsonNode.Parse(error))]);
        }

        if (Cycles is not null)
        {
            body["MarketplaceInstallDetails"] = new JsonArray([.. Cycles.Select(cycle => cycle.ToJson())]);
        }

        return body.ToJsonString();
    }

    /// <summary>The message on the queue, written here by the contract and not by the application's code.</summary>
    public string Message() => new JsonObject
    {
        ["v"] = 1,
        ["notificationId"] = Id,
        ["receivedAt"] = ReceivedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["source"] = Source,
        ["payload"] = Body(),
    }.ToJsonString();

    public override string ToString() => $"{Id[9..18]} {Source} {Body()}";
}

/// <summary>One of the install details.</summary>
public sealed record ArrivedCycle(Guid Id, string? Status, Guid? Template, IReadOnlyList<string> Urls)
{
    /// <summary>As many, the same each time.</summary>
    public static IReadOnlyList<ArrivedCycle> Many(int count) =>
        [.. Enumerable.Range(0, count)
            .Select(number => new ArrivedCycle(new Guid(number, 0, 0, new byte[8]), "Active", null, []))];

    internal static ArrivedCycle FromJson(JsonNode detail) => new(
        (Guid)detail["CycleId"]!,
        (string?)detail["CycleStatus"],
        (Guid?)detail["TemplateId"],
        [.. detail["Webhooks"]!.AsArray().Select(webhook => (string)webhook!["Url"]!)]);

    internal JsonObject ToJson()
    {
        var detail = new JsonObject { ["CycleId"] = Id.ToString() };
        if (Status is not null)
        {
            detail["CycleStatus"] = Status;
        }

        if (Template is { } template)
        {
            detail["TemplateId"] = template.ToString();
        }

        detail["Webhooks"] = JsonSerializer.SerializeToNode(Urls.Select(url => new { Url = url, StepName = "Step" }));
        return detail;
    }
}
