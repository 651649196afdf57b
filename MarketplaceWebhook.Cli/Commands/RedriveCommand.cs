using System.CommandLine;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class RedriveCommand
{
    private const int NotAll = 2;

    public static Command Create()
    {
        var ids = new Argument<string[]>("ID") { Description = "Ids of notifications.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all")
        {
            Description = "All that were not redriven yet, and what sits in the poison queue.",
        };
        var kind = DeadLettersCommand.KindOption();
        var since = DurationOption.Option("--since", "With --all: only dead letters received within this time, such as 2d.");
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and change nothing." };
        var storage = CommandStorage.Option();
        var command = new Command(
            "redrive",
            "Puts dead letters on the queue again, each at its own place in the order; doing it twice does no harm.\nExit "
            + "codes: 0 all on the queue; 2 some are not, each says why; 1 wrong input, or the storage failed.")
        {
            ids, all, kind, since, dryRun, storage,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(ids) is { Length: > 0 })
            {
                result.AddError("Give either an ID, or several, or --all.");
            }
        });
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(parsed.GetValue(storage), token);
            var run = new Run(opened, parsed.GetValue(dryRun));
            return parsed.GetValue(ids) is { Length: > 0 } some
                ? await run.SomeAsync(some, token)
                : await run.AllAsync(parsed.GetValue(kind), DateTimeOffset.UtcNow - parsed.GetValue(since), token);
        });
        return command;
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
                foreach (var letter in await DeadLettersCommand.FindAsync(storage, id, cancellationToken))
                {
                    Print(letter.Kind, letter.Id?.ToString(), await _redrive.RedriveAsync(letter, dryRun, cancellationToken));
                }
            }

            return _failed + _skipped == 0 ? 0 : NotAll;
        }

        public async Task<int> AllAsync(string? kind, DateTimeOffset? since, CancellationToken cancellationToken)
        {
            // The poison queue first: what fails again becomes a letter, and waits for the next time.
            if (kind is null or DeadLetter.Failed)
            {
                await foreach (var message in _redrive.RedrivePoisonAsync(dryRun, cancellationToken))
                {
                    Print("poison", message.Id?.ToString(), message.Result);
                }
            }

            await foreach (var letter in storage.Get<DeadLetterTable>().ReadAsync(kind, since, cancellationToken))
            {
                if (letter.RedrivenAt is null)
                {
                    Print(letter.Kind, letter.Id?.ToString(), await _redrive.RedriveAsync(letter, dryRun, cancellationToken));
                }
            }

            ConsoleOutput.Remark(
                $"{(dryRun ? "Would be on" : "On")} the queue again: {_sent}; skipped as too large: {_skipped}; not redriven: "
                + $"{_failed}.");
            return _failed == 0 ? 0 : NotAll;
        }

        private void Print(string kind, string? id, RedriveResult result)
        {
            var (colour, word) = result.Outcome switch
            {
                RedriveOutcome.Sent => ("green", dryRun ? "would be redriven" : "redriven"),
                RedriveOutcome.TooLarge => ("yellow", "skipped, too large"),
                RedriveOutcome.RefusedAgain => ("red", "still refused"),
                _ => ("red", "cannot be redriven"),
            };
            _ = result.Outcome switch
            {
                RedriveOutcome.Sent => _sent++,
                RedriveOutcome.TooLarge => _skipped++,
                _ => _failed++,
            };
            var why = result.Why is { } text ? $": {text}" : "";
            ConsoleOutput.Results.MarkupLine(
                $"[{colour}]{word}[/]  {kind}  {Markup.Escape(SafeText.Of((id ?? "(no readable id)") + why))}");
        }
    }
}
