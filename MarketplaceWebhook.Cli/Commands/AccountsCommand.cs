using System.CommandLine;
using System.Globalization;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli.Commands;

internal static class AccountsCommand
{
    public static Command Create(IConfiguration environment)
    {
        var text = new Argument<string?>("TEXT")
        {
            Description = "A part of Cyclr's AccountId or of the partner's AccountApiId, in any case; without it all accounts.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = JsonOutput.Option();
        var storage = CommandStorage.Option();
        var command = new Command(
            "accounts",
            "Lists accounts with their packages, those with errors first; reads all installs.\nExit codes: 0 listed; 1 no account "
            + "matches, invalid input, or storage failed.")
        {
            text, json, storage,
        };
        command.SetAction(async (parsed, token) =>
        {
            await using var opened = await CommandStorage.OpenAsync(environment, parsed.GetValue(storage), token);
            return await RunAsync(opened, parsed.GetValue(text), parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandStorage storage, string? text, bool json, CancellationToken cancellationToken)
    {
        var accounts = await storage.Get<AccountSearch>().FindAsync(text, cancellationToken);
        if (json)
        {
            ConsoleOutput.WriteJson(
                [.. accounts.Select(AccountSummaryJson.Of)], JsonOutput.Default.IReadOnlyListAccountSummaryJson);
        }

        if (accounts.Count == 0 && text is not null)
        {
            throw new UserErrorException($"No account has '{text}' in its AccountId or AccountApiId.");
        }

        if (!json)
        {
            Print(accounts);
            ConsoleOutput.Remark($"{ConsoleOutput.Count(accounts.Count, "account")}. `show ACCOUNT` shows one with its history.");
        }

        return 0;
    }

    private static void Print(IReadOnlyList<AccountSummary> accounts)
    {
        var table = ConsoleOutput.Table(["Account", "Errors", "Last change (UTC)", "Packages"], "AccountApiId");
        foreach (var account in accounts)
        {
            table.Add(
                [
                    account.Id, account.Errors > 0 ? account.Errors.ToString(CultureInfo.InvariantCulture) : "",
                    ConsoleOutput.Time(account.ChangedAt),
                    string.Join(", ", account.Packages.Select(package => $"{package.Id} {package.Status}")),
                ],
                [.. account.ApiIds]);
        }

        ConsoleOutput.Write(title: null, table);
    }
}
