using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class DeadLettersCommand
{
    public static Command Create(IConfiguration environment)
    {
        var kind = KindOption();
        var since = DurationOption.Option("--since", "Only dead letters received within this time, such as 2d.");
        var account = new Option<string?>("--account")
        {
            Description = "Only dead letters of this account, by Cyclr's AccountId or the partner's AccountApiId.",
            HelpName = "ACCOUNT",
        };
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "deadletters",
            "Lists dead letters: notifications that were rejected at the HTTP endpoint or failed in the queue, each kind newest "
            + "first.\nExit codes: 0 listed; 1 invalid input, or storage failed.")
        {
            kind, since, account, json, storage, CreateShow(environment),
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            var accounts = await AccountsAsync(opened, parsed.GetValue(account), token);
            return await ListAsync(
                opened, parsed.GetValue(kind), parsed.GetValue(since), accounts, parsed.GetValue(json), token);
        });
        return command;
    }

    public static Option<string?> KindOption()
    {
        var kind = new Option<string?>("--kind")
        {
            Description = "rejected: at the HTTP endpoint; failed: in the queue.",
            HelpName = "KIND",
        };
        kind.AcceptOnlyFromAmong(DeadLetter.Rejected, DeadLetter.Failed);
        return kind;
    }

    /// <summary>An account may have dead letters only, so a GUID need not be known.</summary>
    public static async Task<IReadOnlyList<string>?> AccountsAsync(
        CommandStorage storage, string? account, CancellationToken cancellationToken) => account switch
        {
            null => null,
            _ when Guid.TryParse(account, out var id) => [id.ToString()],
            _ => [.. (await storage.FindAccountsAsync(account, cancellationToken)).Select(id => id.ToString())],
        };

    /// <exception cref="UserErrorException">There is no such dead letter.</exception>
    public static async Task<IReadOnlyList<StoredDeadLetter>> FindAsync(
        CommandStorage storage, string id, CancellationToken cancellationToken)
    {
        if (!NotificationId.TryParse(id.Trim().ToLowerInvariant(), out var notification))
        {
            throw new UserErrorException($"'{id}' is not a notification id: use an id that `deadletters` lists.");
        }

        var deadLetters = await storage.Get<DeadLetterTable>().FindAsync(notification, cancellationToken);
        return deadLetters.Count > 0
            ? deadLetters
            : throw new UserErrorException($"There is no dead letter {notification}. `deadletters` lists all of them.");
    }

    private static Command CreateShow(IConfiguration environment)
    {
        var id = new Argument<string>("ID")
        {
            Description = "The notification id, from the list or from the response to the sender.",
        };
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "show", "Shows one dead letter with its body.\nExit codes: 0 shown; 1 not found, invalid input, or storage failed.")
        {
            id, json, storage,
        };
        command.RefuseOptionsOfParent();
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            return await ShowAsync(opened, parsed.GetRequiredValue(id), parsed.GetValue(json), token);
        });
        return command;
    }

    /// <param name="accounts">Null: all.</param>
    private static async Task<int> ListAsync(
        CommandStorage storage, string? kind, TimeSpan? since, IReadOnlyList<string>? accounts, bool json,
        CancellationToken cancellationToken)
    {
        var deadLetters = storage.Get<DeadLetterTable>().ReadAsync(kind, DateTimeOffset.UtcNow - since, cancellationToken)
            .Where(letter => accounts?.Contains(letter.AccountId, StringComparer.OrdinalIgnoreCase) != false);
        if (json)
        {
            ConsoleOutput.WriteJson(
                await deadLetters.Select(Json).ToListAsync(cancellationToken), JsonOutput.Default.IReadOnlyListJsonObject);
            return 0;
        }

        var table = EmptyTable();
        await foreach (var deadLetter in deadLetters)
        {
            Add(table, deadLetter);
        }

        if (table.Rows.Count == 0)
        {
            ConsoleOutput.Remark(
                "There are no dead letters"
                + ((kind, since, accounts) is (null, null, null) ? "." : " of this kind, time and account."));
            return 0;
        }

        ConsoleOutput.Write(null, table);
        ConsoleOutput.Remark(
            $"{ConsoleOutput.Count(table.Rows.Count, "dead letter")}. `deadletters show ID` shows the body, `redrive ID` puts it "
            + "back on the queue.");
        return 0;
    }

    private static async Task<int> ShowAsync(
        CommandStorage storage, string id, bool json, CancellationToken cancellationToken)
    {
        var shown = new List<JsonObject>();
        foreach (var deadLetter in await FindAsync(storage, id, cancellationToken))
        {
            var bytes = await storage.Get<DeadLetterTable>().GetBodyAsync(deadLetter, cancellationToken);
            var body = bytes is { } read ? Encoding.UTF8.GetString(read.Span) : null;
            if (json)
            {
                shown.Add(Json(deadLetter));
                if (body is not null)
                {
                    shown[^1]["body"] = body;
                }
            }
            else
            {
                Print(deadLetter, body);
            }
        }

        if (json)
        {
            ConsoleOutput.WriteJson(shown, JsonOutput.Default.IReadOnlyListJsonObject);
        }

        return 0;
    }

    private static void Print(StoredDeadLetter deadLetter, string? body)
    {
        (string Name, string? Value)[] lines =
        [
            ("Id", IdOf(deadLetter)), ("Kind", deadLetter.Kind), ("Received", ConsoleOutput.JsonTime(deadLetter.ReceivedAt)),
            ("Source", deadLetter.Source), ("User-Agent", deadLetter.UserAgent),
            ("Reason", deadLetter.Reason), ("Detail", deadLetter.Detail), ("Account", deadLetter.AccountId),
            ("Length", deadLetter.BodyLength is { } length ? $"{length} bytes" : null), ("Blob", deadLetter.BodyBlob),
            ("Redriven", ConsoleOutput.JsonTime(deadLetter.RedrivenAt)),
        ];
        foreach (var (name, value) in lines.Where(line => line.Value is not null))
        {
            Console.Out.WriteLine($"{name,-12}{SafeText.Of(value, ColumnText.MaxCharacters)}");
        }

        Console.Out.WriteLine();
        foreach (var line in (body ?? $"The blob {deadLetter.BodyBlob} no longer exists.").Split('\n'))
        {
            Console.Out.WriteLine(SafeText.Of(line.TrimEnd('\r'), int.MaxValue));
        }
    }

    public static Table EmptyTable() => ConsoleOutput.Table(["Id", "Received (UTC)", "Kind"], "Reason");

    public static void Add(Table table, StoredDeadLetter deadLetter) => table.Add(
        [IdOf(deadLetter), ConsoleOutput.Time(deadLetter.ReceivedAt), deadLetter.Kind], deadLetter.Reason,
        deadLetter.Detail,
        deadLetter.RedrivenAt is { } redriven ? $"redriven {ConsoleOutput.Time(redriven)}" : null);

    public static JsonObject Json(StoredDeadLetter deadLetter) =>
        JsonRow.Of(deadLetter.Row, ("kind", deadLetter.Kind), ("notificationId", IdOf(deadLetter)));

    private static string IdOf(StoredDeadLetter deadLetter) => deadLetter.Id?.ToString() ?? deadLetter.Row.RowKey;
}
