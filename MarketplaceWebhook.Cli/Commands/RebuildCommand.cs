using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Maintenance;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class RebuildCommand
{
    private const int Differs = 2;

    public static Command Create(IConfiguration environment)
    {
        var account = new Argument<string?>("ACCOUNT")
        {
            Description = "Cyclr's AccountId, or the partner's AccountApiId; without it all accounts.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var apply = new Option<bool>("--apply") { Description = "Write the correct rows." };
        var settle = new Option<int>("--settle")
        {
            Description =
                "Report only differences that are still there after this many seconds, when notifications in transit have arrived.",
            DefaultValueFactory = _ => 30,
            HelpName = "SECONDS",
        };
        settle.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                    || seconds > 3600))
            {
                result.AddError("--settle must be a number of seconds, from 0 to 3600.");
            }
        });
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "rebuild",
            "Replays the log (StatusChanges) of one account or of all, and compares the result with Installs; safe during live traffic.\nExit codes: 0 no "
            + "difference, or all applied; 2 differences that were not applied; 1 invalid input, or storage failed.")
        {
            account, apply, settle, json, storage,
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            return await RunAsync(
                opened, parsed.GetValue(account), parsed.GetValue(apply), TimeSpan.FromSeconds(parsed.GetValue(settle)),
                parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, string? account, bool apply, TimeSpan settle, bool json, CancellationToken cancellationToken)
    {
        string?[] accounts = account is null
            ? [null]
            : [.. (await storage.FindAccountsAsync(account, cancellationToken)).Select(id => id.ToString())];
        var report = new Comparison(json ? null : ConsoleOutput.Results);
        foreach (var one in accounts)
        {
            await report.RunAsync(
                progress => storage.Get<Rebuild>().RunAsync(one, apply, settle, progress, cancellationToken),
                isSingle: one is not null);
        }

        report.PrintSummary(apply);
        return report.Remaining == 0 ? 0 : Differs;
    }

    /// <param name="console">Null prints nothing before the summary.</param>
    private sealed class Comparison(IAnsiConsole? console) : IProgress<RebuildProgress>
    {
        // Filled with --json only: otherwise accounts are printed as they are found.
        private readonly List<RebuiltAccountJson> _found = [];
        private (int Accounts, int Differences, int Problems) _sum;
        private RebuildProgress _before = new();
        private RebuildProgress _now = new();
        private ProgressTask? _bar;

        /// <summary>Accounts with differences that were not applied.</summary>
        public int Remaining { get; private set; }

        public Task RunAsync(Func<IProgress<RebuildProgress>, IAsyncEnumerable<RebuiltAccount>> run, bool isSingle)
        {
            _before = new RebuildProgress(
                Accounts: _before.Accounts + _now.Accounts, Notifications: _before.Notifications + _now.Notifications);
            _now = new RebuildProgress();
            return console.RunAsync("Comparing accounts", isSingle, bar =>
            {
                _bar = bar;
                return AddAsync(run(this));
            });
        }

        public void Report(RebuildProgress value)
        {
            _now = value;
            if (_bar is null)
            {
                return;
            }

            _bar.Description = ConsoleOutput.Count(value.Accounts, "account") + " compared";
            // Accounts are sorted by id, and ids are distributed evenly.
            if (value.Account.Length >= 8
                && uint.TryParse(
                    value.Account.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var place))
            {
                _bar.Value = 100.0 * place / uint.MaxValue;
            }
        }

        public void PrintSummary(bool apply)
        {
            var (accounts, notifications) = (_before.Accounts + _now.Accounts, _before.Notifications + _now.Notifications);
            if (console is null)
            {
                ConsoleOutput.WriteJson(new RebuildJson(accounts, notifications, _found), JsonOutput.Default.RebuildJson);
                return;
            }

            var differences = ConsoleOutput.Count(_sum.Differences, "difference");
            ConsoleOutput.Remark(
                $"Compared {ConsoleOutput.Count(accounts, "account")}, {ConsoleOutput.Count(notifications, "notification")}: " + _sum switch
                {
                    { Accounts: 0 } => "no difference.",
                    { Problems: > 0 } =>
                        $"{differences}{(apply ? ", applied" : "")}; accounts whose log cannot be read were skipped.",
                    _ when Remaining == 0 => $"{differences} in {ConsoleOutput.Count(_sum.Accounts, "account")}, applied.",
                    _ =>
                        $"{differences} in {ConsoleOutput.Count(_sum.Accounts, "account")}. `rebuild --apply` writes the correct rows.",
                });
        }

        private async Task AddAsync(IAsyncEnumerable<RebuiltAccount> accounts)
        {
            await foreach (var account in accounts)
            {
                Remaining += account.Applied ? 0 : 1;
                _sum = (_sum.Accounts + 1, _sum.Differences + account.Differences.Count, _sum.Problems + account.Problems.Count);
                if (console is not null)
                {
                    Print(account);
                    continue;
                }

                _found.Add(new RebuiltAccountJson(
                    account.Account, account.Applied,
                    [.. account.Differences.Select(d => new DifferenceJson(d.Row, d.Column, d.Is, d.ShouldBe))],
                    account.Problems));
            }
        }

        private static void Print(RebuiltAccount account)
        {
            var table = ConsoleOutput.Table(["Row", "Column"], "Difference");
            foreach (var difference in account.Differences)
            {
                table.Add(
                    [difference.Row, difference.Column ?? "(row)"],
                    ConsoleOutput.IsAndShouldBe(difference.Is, difference.ShouldBe));
            }

            foreach (var problem in account.Problems)
            {
                table.Add(["(unknown)", ""], problem);
            }

            ConsoleOutput.Write($"Account {account.Account}{(account.Applied ? ", applied" : "")}", table);
        }
    }
}
