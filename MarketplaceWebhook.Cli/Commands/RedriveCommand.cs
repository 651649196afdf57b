using System.CommandLine;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class RedriveCommand
{
    private const int Incomplete = 2;

    public static Command Create(IConfiguration environment)
    {
        var ids = new Argument<string[]>("ID") { Description = "Notification ids.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all")
        {
            Description = "All dead letters that have not been redriven yet, and the messages on the poison queue.",
        };
        var kind = DeadLettersCommand.KindOption();
        var reason = new Option<string?>("--reason")
        {
            Description = "With --all: only dead letters with this reason.",
            HelpName = "REASON",
        };
        reason.AcceptOnlyFromAmong(
            RejectionReason.InvalidJson, RejectionReason.InvalidNotification, RejectionReason.TooLarge,
            FailureReason.ProjectionFailed,
            FailureReason.UnreadableEnvelope);
        var account = new Option<string?>("--account")
        {
            Description = "With --all: only dead letters of this account, by AccountId or AccountApiId.",
            HelpName = "ACCOUNT",
        };
        var since = DurationOption.Option("--since", "With --all: only dead letters received within this time, such as 2d.");
        var until = DurationOption.Option("--until", "With --all: only dead letters received before this time, such as 12h.");
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be done without changing anything." };
        var storage = CommandStorage.Option();
        var command = new Command(
            "redrive",
            "Puts dead letters back on the queue, each at its original place in the order; repeating it is harmless. Messages on "
            + "the poison queue are included only without --reason, --account, --since and --until.\nExit codes: 0 all are on the "
            + "queue; 2 some are not, each with its reason; 1 invalid input, or storage failed.")
        {
            ids, all, kind, reason, account, since, until, dryRun, storage,
        };
        command.Validators.Add(result =>
        {
            var hasIds = result.GetValue(ids) is { Length: > 0 };
            if (result.GetValue(all) == hasIds)
            {
                result.AddError("Use either one or more IDs, or --all.");
            }
            else if (hasIds && new Option[] { kind, reason, account, since, until }.FirstOrDefault(result.Has) is { } option)
            {
                result.AddError($"{option.Name} requires --all.");
            }
        });
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            var run = new Run(opened, parsed.GetValue(dryRun));
            if (parsed.GetValue(ids) is { Length: > 0 } some)
            {
                return await run.SomeAsync(some, token);
            }

            var now = DateTimeOffset.UtcNow;
            var filter = new Filter(
                parsed.GetValue(kind), parsed.GetValue(reason),
                await DeadLettersCommand.AccountsAsync(opened, parsed.GetValue(account), token),
                now - parsed.GetValue(since), now - parsed.GetValue(until));
            return await run.AllAsync(filter, token);
        });
        return command;
    }

    /// <param name="Accounts">AccountIds as the rows have them; null: all.</param>
    private sealed record Filter(
        string? Kind, string? Reason, IReadOnlyList<string>? Accounts, DateTimeOffset? Since, DateTimeOffset? Until)
    {
        /// <summary>A message on the poison queue has no reason, and may have no readable account and time.</summary>
        public bool IncludesPoisonQueue =>
            Kind is null or DeadLetter.Failed && (Reason, Accounts, Since, Until) is (null, null, null, null);

        public bool Includes(StoredDeadLetter deadLetter) =>
            deadLetter.RedrivenAt is null
            && (Reason is null || deadLetter.Reason == Reason)
            && (Accounts is null || Accounts.Contains(deadLetter.AccountId, StringComparer.OrdinalIgnoreCase))
            && (Until is null || deadLetter.ReceivedAt < Until);
    }

    private sealed class Run(CommandStorage storage, bool dryRun)
    {
        private readonly Redrive _redrive = storage.Get<Redrive>();
        private int _sent;
        private int _failed;
        private int _skipped;

        public async Task<int> SomeAsync(string[] ids, CancellationToken cancellationToken)
        {
            foreach (var id in ids)
            {
                foreach (var deadLetter in await DeadLettersCommand.FindAsync(storage, id, cancellationToken))
                {
                    await RedriveAsync(deadLetter, cancellationToken);
                }
            }

            return _failed + _skipped == 0 ? 0 : Incomplete;
        }

        public async Task<int> AllAsync(Filter filter, CancellationToken cancellationToken)
        {
            // The poison queue first: a message that fails again becomes a dead letter, which is left for the next run.
            if (filter.IncludesPoisonQueue)
            {
                await foreach (var message in _redrive.RedrivePoisonAsync(dryRun, cancellationToken))
                {
                    Print("poison", message.Id?.ToString(), message.Result);
                }
            }

            var deadLetters = storage.Get<DeadLetterTable>().ReadAsync(filter.Kind, filter.Since, cancellationToken);
            await foreach (var deadLetter in deadLetters.Where(filter.Includes))
            {
                await RedriveAsync(deadLetter, cancellationToken);
            }

            var unseen = filter.IncludesPoisonQueue
                ? (await storage.Get<QueueInspector>().PeekPoisonAsync(cancellationToken)).Unseen : 0;
            if (unseen > 0)
            {
                ConsoleOutput.Remark(
                    $"Not received: {ConsoleOutput.Count(unseen, "message")} on the poison queue, being processed or delayed for up to "
                    + "5 minutes. Run `redrive --all` again.");
            }

            ConsoleOutput.Remark(
                $"{(dryRun ? "Would be redriven" : "Redriven")}: {_sent}; skipped as too large: {_skipped}; not redriven: {_failed}.");
            return _failed + unseen == 0 ? 0 : Incomplete;
        }

        private async Task RedriveAsync(StoredDeadLetter deadLetter, CancellationToken cancellationToken) =>
            Print(deadLetter.Kind, deadLetter.Id?.ToString(), await _redrive.RedriveAsync(deadLetter, dryRun, cancellationToken));

        private void Print(string kind, string? id, RedriveResult result)
        {
            var (colour, word) = result.Outcome switch
            {
                RedriveOutcome.Sent => (Color.Green, dryRun ? "would be redriven" : "redriven"),
                RedriveOutcome.TooLarge => (Color.Yellow, "skipped, too large"),
                RedriveOutcome.TooEarly => (Color.Red, "cannot be redriven yet"),
                RedriveOutcome.RejectedAgain => (Color.Red, "still rejected"),
                _ => (Color.Red, "cannot be redriven"),
            };
            _ = result.Outcome switch
            {
                RedriveOutcome.Sent => _sent++,
                RedriveOutcome.TooLarge => _skipped++,
                _ => _failed++,
            };
            var why = result.Why is { } text ? $": {text}" : "";
            ConsoleOutput.Results.WriteParts(
                (word, colour), ($"  {kind}  {SafeText.Of((id ?? "(no readable id)") + why)}", null));
        }
    }
}
