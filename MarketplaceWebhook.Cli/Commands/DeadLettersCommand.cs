using System.CommandLine;
using System.Text;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Cli.Commands;

internal static class DeadLettersCommand
{
    public static Command Create()
    {
        var kind = KindOption();
        var since = DurationOption.Option("--since", "Only those received within this time, such as 2d.");
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var storage = CommandStorage.Option();
        var command = new Command(
            "deadletters",
            "Lists what was refused at the door (rejected) or failed in the queue (failed), each kind newest first.\nExit "
            + "codes: 0 listed; 1 wrong input, or the storage failed.")
        {
            kind, since, json, storage, CreateShow(),
        };
        command.SetAction((parsed, token) => ListAsync(
            parsed.GetValue(kind), parsed.GetValue(since), parsed.GetValue(json), parsed.GetValue(storage), token));
        return command;
    }

    public static Option<string?> KindOption()
    {
        var kind = new Option<string?>("--kind")
        {
            Description = "rejected: refused at the door; failed: failed in the queue.",
            HelpName = "KIND",
        };
        kind.AcceptOnlyFromAmong(DeadLetter.Rejected, DeadLetter.Failed);
        return kind;
    }

    /// <exception cref="UserErrorException">There is none.</exception>
    public static async Task<IReadOnlyList<StoredDeadLetter>> FindAsync(
        CommandStorage storage, string id, CancellationToken cancellationToken)
    {
        if (!NotificationId.TryParse(id.Trim().ToLowerInvariant(), out var notification))
        {
            throw new UserErrorException($"'{id}' is no notification's id: give one as `deadletters` lists it.");
        }

        var letters = await storage.Get<DeadLetterTable>().FindAsync(notification, cancellationToken);
        return letters.Count > 0
            ? letters
            : throw new UserErrorException($"There is no dead letter {notification}: `deadletters` lists those that there are.");
    }

    private static Command CreateShow()
    {
        var id = new Argument<string>("ID")
        {
            Description = "The notification's id, as the list and the answer to the sender have it.",
        };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var storage = CommandStorage.Option();
        var command = new Command(
            "show", "Shows one of them with its body.\nExit codes: 0 shown; 1 there is none, or wrong input.")
        {
            id, json, storage,
        };
        command.SetAction(
            (parsed, token) => ShowAsync(parsed.GetRequiredValue(id), parsed.GetValue(json), parsed.GetValue(storage), token));
        return command;
    }

    private static async Task<int> ListAsync(
        string? kind, TimeSpan? since, bool json, string? storage, CancellationToken cancellationToken)
    {
        await using var opened = await CommandStorage.OpenAsync(storage, cancellationToken);
        var letters = opened.Get<DeadLetterTable>().ReadAsync(kind, DateTimeOffset.UtcNow - since, cancellationToken)
            .Select(letter => Json(letter));
        if (json)
        {
            ConsoleOutput.WriteJson(await letters.ToListAsync(cancellationToken), JsonOutput.Default.IReadOnlyListDeadLetterJson);
            return 0;
        }

        var table = ConsoleOutput.Table(["Id", "Received (UTC)", "Kind"], "Why");
        await foreach (var l in letters)
        {
            table.Add(
                [l.NotificationId, Short(l.ReceivedAt), l.Kind], l.Reason, l.Detail,
                l.RedrivenAt is { } redriven ? $"redriven {Short(redriven)}" : null);
        }

        if (table.Rows.Count == 0)
        {
            ConsoleOutput.Remark("There are no dead letters" + (kind is null && since is null ? "." : " of this kind and time."));
            return 0;
        }

        ConsoleOutput.Write(null, table);
        ConsoleOutput.Remark(
            $"{ConsoleOutput.Count(table.Rows.Count, "dead letter")}. `deadletters show ID` has the body, `redrive ID` puts it on the "
            + "queue again.");
        return 0;
    }

    private static async Task<int> ShowAsync(string id, bool json, string? storage, CancellationToken cancellationToken)
    {
        await using var opened = await CommandStorage.OpenAsync(storage, cancellationToken);
        var shown = new List<DeadLetterJson>();
        foreach (var letter in await FindAsync(opened, id, cancellationToken))
        {
            var body = await opened.Get<DeadLetterTable>().GetBodyAsync(letter, cancellationToken);
            shown.Add(Json(letter, body is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null));
        }

        if (json)
        {
            ConsoleOutput.WriteJson(shown, JsonOutput.Default.IReadOnlyListDeadLetterJson);
            return 0;
        }

        foreach (var letter in shown)
        {
            Print(letter);
        }

        return 0;
    }

    private static void Print(DeadLetterJson letter)
    {
        (string Name, string? Value)[] lines =
        [
            ("Id", letter.NotificationId), ("Kind", letter.Kind), ("Received", letter.ReceivedAt), ("Source", letter.Source),
            ("Reason", letter.Reason), ("Detail", letter.Detail), ("Account", letter.AccountId),
            ("Length", letter.BodyLength is { } length ? $"{length} bytes" : null), ("Blob", letter.BodyBlob),
            ("Redriven", letter.RedrivenAt),
        ];
        foreach (var (name, value) in lines.Where(line => line.Value is not null))
        {
            Console.Out.WriteLine($"{name,-10}{SafeText.Of(value, ColumnText.MaxCharacters)}");
        }

        Console.Out.WriteLine();
        foreach (var line in (letter.Body ?? $"The blob {letter.BodyBlob} is gone.").Split('\n'))
        {
            Console.Out.WriteLine(SafeText.Of(line.TrimEnd('\r'), int.MaxValue));
        }
    }

    private static DeadLetterJson Json(StoredDeadLetter letter, string? body = null) => new(
        letter.Kind, letter.Id?.ToString() ?? letter.Row.RowKey, ConsoleOutput.JsonTime(letter.Row.Time("ReceivedAt")), letter.Source,
        letter.Reason,
        letter.Detail, letter.AccountId, letter.BodyLength, letter.BodyBlob, ConsoleOutput.JsonTime(letter.RedrivenAt), body);

    private static string Short(string? time) => time?.Replace('T', ' ')[..19] ?? "";
}
