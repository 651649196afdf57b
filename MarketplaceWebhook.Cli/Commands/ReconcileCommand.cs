using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

internal static class ReconcileCommand
{
    private const int Differs = 2;

    public static Command Create(IConfiguration environment)
    {
        var account = new Argument<string?>("ACCOUNT")
        {
            Description = "Cyclr's AccountId, or the partner's AccountApiId; without it all accounts of Cyclr and of Installs.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var after = new Option<string?>("--after")
        {
            Description = "Continue after this account, as a run that ends early prints it: its PartitionKey in Reconciliations, "
                + "which is Cyclr's AccountId, or api- and a hash. Accounts are compared in the order of these keys.",
            HelpName = "ACCOUNT",
        };
        after.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ReadKey(token.Value) is null)
            {
                result.AddError("--after must be Cyclr's AccountId, or api- and 64 hexadecimal digits.");
            }
        });
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "reconcile",
            "Compares Installs with Cyclr's REST API, and writes the differences to the table Reconciliations; changes nothing else. "
            + $"Needs {CyclrSettings.ClientIdName}, {CyclrSettings.ClientSecretName} and {CyclrSettings.BaseUrlName} (such as "
            + "https://api.cyclr.com) in the environment.\nExit codes: 0 no difference; 2 differences, or accounts that could "
            + "not be compared; 1 invalid input, or Cyclr or storage failed.")
        {
            account, after, json, storage,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(account) is { Tokens.Count: > 0 } && result.GetResult(after) is { Tokens.Count: > 0 })
            {
                result.AddError("Use either ACCOUNT or --after: --after continues a comparison of all accounts.");
            }
        });
        command.SetAction(async (parsed, token) =>
        {
            using var cyclr = new CyclrApi(CyclrSettings.Read(environment), TimeProvider.System);
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            return await RunAsync(
                opened, cyclr, parsed.GetValue(account), ReadKey(parsed.GetValue(after)), parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, CyclrApi cyclr, string? account, string? after, bool json,
        CancellationToken cancellationToken)
    {
        var report = new Report(json ? null : ConsoleOutput.Results) { Last = after };
        var isFinished = false;
        try
        {
            await report.RunAsync(
                storage.Get<Reconciliation>().RunAsync(cyclr, account, after, cancellationToken), isSingle: account is not null);
            isFinished = true;
        }
        finally
        {
            if (!isFinished && account is null && report.Last is { } last)
            {
                ConsoleOutput.Remark($"Stopped after account {last}. `reconcile --after {last}` continues.");
            }
        }

        if (account is not null && report.Accounts == 0)
        {
            throw new UserErrorException(
                $"Unknown account '{account}': neither Installs nor Cyclr has it. Use Cyclr's AccountId or the partner's "
                + "AccountApiId, exactly as it is in Cyclr.");
        }

        report.PrintSummary();
        return report.Differences == 0 ? 0 : Differs;
    }

    /// <returns>Null: it is not the key of an account.</returns>
    private static string? ReadKey(string? text) =>
        Guid.TryParse(text, CultureInfo.InvariantCulture, out var id) ? TableKeys.Account(id)
        : text is not null && ReconciliationKeys.IsUnknownAccount(text) ? text
        : null;

    /// <param name="console">Null prints nothing before the summary.</param>
    private sealed class Report(IAnsiConsole? console)
    {
        // Filled with --json only: otherwise accounts are printed as they are compared.
        private readonly List<ReconciledAccountJson> _differing = [];
        private int _differingAccounts;
        private int _failed;

        public int Accounts { get; private set; }

        public int Differences { get; private set; }

        /// <summary>The last account that was compared: those after it failed.</summary>
        public string? Last { get; set; }

        public Task RunAsync(IAsyncEnumerable<ReconciledAccount> accounts, bool isSingle) =>
            console.RunAsync("Listing accounts", isSingle, bar => AddAsync(accounts, bar));

        public void PrintSummary()
        {
            if (console is null)
            {
                ConsoleOutput.WriteJson(new ReconciliationJson(Accounts, _differing), JsonOutput.Default.ReconciliationJson);
                return;
            }

            ConsoleOutput.Remark($"Compared {ConsoleOutput.Count(Accounts, "account")} with Cyclr: " + (Differences == 0
                ? "no difference."
                : $"{ConsoleOutput.Count(Differences, "difference")} in {ConsoleOutput.Count(_differingAccounts, "account")}, "
                    + $"in the table {StorageNames.ReconciliationsTable}.")
                + (_failed > 0 ? $" Not compared: {ConsoleOutput.Count(_failed, "account")}." : ""));
        }

        private async Task AddAsync(IAsyncEnumerable<ReconciledAccount> accounts, ProgressTask? bar)
        {
            await foreach (var account in accounts)
            {
                Accounts++;
                Last = account.IsCompared ? account.Key : Last;
                _failed += account.IsCompared ? 0 : 1;
                if (bar is not null)
                {
                    bar.Description = $"{account.Number} of {ConsoleOutput.Count(account.Total, "account")} compared";
                    bar.Value = 100.0 * account.Number / account.Total;
                }

                if (account.Differences.Count == 0)
                {
                    continue;
                }

                Differences += account.Differences.Count;
                _differingAccounts++;
                if (console is not null)
                {
                    Print(account);
                    continue;
                }

                _differing.Add(new ReconciledAccountJson(account.Key, account.ApiId, account.Differences));
            }
        }

        private static void Print(ReconciledAccount account)
        {
            var table = ConsoleOutput.Table(["Kind", "Package", "Cycle or template"], "Difference");
            foreach (var difference in account.Differences)
            {
                table.Add(
                    [
                        difference.Kind, difference.PackageId?.ToString(CultureInfo.InvariantCulture),
                        difference.CycleId?.ToString() ?? difference.TemplateId,
                    ],
                    [
                        difference.Detail,
                        .. difference.Expected is { } expected ? ConsoleOutput.IsAndShouldBe(difference.Actual, expected) : [],
                    ]);
            }

            ConsoleOutput.Write($"Account {account.Key}{(account.ApiId is { } apiId ? $", {apiId}" : "")}", table);
        }
    }
}
