using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using MarketplaceWebhook.Cli.Commands;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Cli;

/// <summary>The tool's commands. A command that fails prints one line on stderr and returns exit code 1.</summary>
public static class CommandLine
{
    private static readonly string[] SecretMarks = ["AccountKey=", "SharedAccessSignature=", "sig=", "code="];

    /// <param name="environment">Where the settings of a command are read: storage, time limits, Cyclr's API.</param>
    public static RootCommand Create(IConfiguration environment)
    {
        var root = new RootCommand(
            string.Join('\n', ((string?[])
            [
                "Runs the Cyclr Marketplace notification app on this machine, and inspects and maintains its data.",
                ToolCommand.Remark,
            ]).OfType<string>()))
        {
            DevCommand.Create(environment),
            SendCommand.Create(environment),
            ProbeCommand.Create(environment),
            StatusCommand.Create(environment),
            DashboardCommand.Create(environment),
            AccountsCommand.Create(environment),
            ShowCommand.Create(environment),
            RebuildCommand.Create(environment),
            ReconcileCommand.Create(environment),
            DeadLettersCommand.Create(environment),
            RedriveCommand.Create(environment),
            EraseCommand.Create(environment),
            PurgeCommand.Create(environment),
        };
        root.RefuseBlankValues();
        return root;
    }

    /// <inheritdoc cref="Create"/>
    public static async Task<int> RunAsync(string[] args, IConfiguration environment)
    {
        var parsed = Create(environment).Parse(args);
        if (UnknownOption(parsed) is { } option)
        {
            return Fail($"Unrecognized option '{option}'. Add --help for usage.");
        }

        if (parsed.Action is ParseErrorAction)
        {
            return Fail($"{WithoutSecrets(Describe(parsed), args)} Add --help for usage.");
        }

        // Handled here and not by System.CommandLine, to distinguish an interruption from a storage call that timed out: both
        // throw an OperationCanceledException. There is no time limit, because `dev` lets Azurite write its data.
        using var interruption = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            return Fail("Cancelled.");
        }
        catch (Exception exception) when (ExpectedFailure.Describe(exception) is { } line)
        {
            return Fail(WithoutSecrets(line, args));
        }

        void Interrupt(PosixSignalContext signal)
        {
            // A second signal ends the process immediately.
            signal.Cancel = !interruption.IsCancellationRequested;
            _ = interruption.CancelAsync();
        }
    }

    /// <summary>
    /// Without a value: what follows a mistyped option can be a secret, and System.CommandLine would treat both as arguments. A
    /// negative number is not an option, and neither is the value of one: a key can begin with a dash.
    /// </summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        var values = new HashSet<Token>();
        for (SymbolResult? command = parsed.CommandResult; command is CommandResult result; command = command.Parent)
        {
            values.UnionWith(result.Children.OfType<OptionResult>().SelectMany(option => option.Tokens));
        }

        return parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Where(token => token is { Type: TokenType.Argument, Value: ['-', not (>= '0' and <= '9'), ..] })
            .Where(token => !values.Contains(token))
            .Select(token => token.Value.Split('=', ':')[0])
            .FirstOrDefault();
    }

    /// <summary>A connection string or a URL with a key can be where an account, an id or a file belongs.</summary>
    private static string WithoutSecrets(string line, string[] args) => args
        .Select(argument => argument.StartsWith("--", StringComparison.Ordinal)
            ? argument[(argument.IndexOf('=', StringComparison.Ordinal) + 1)..] : argument)
        .Where(argument => SecretMarks.Any(mark => argument.Contains(mark, StringComparison.OrdinalIgnoreCase)))
        .Aggregate(line, (text, secret) => text.Replace(secret, "(not shown)", StringComparison.Ordinal));

    /// <summary>The first thing that is wrong, in the user's words.</summary>
    private static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var name = string.Join(' ', parsed.CommandResult.Command.Parents.OfType<Command>()
            .Where(parent => parent is not RootCommand).Select(parent => parent.Name).Append(command.Name));
        if (command is RootCommand)
        {
            return parsed.UnmatchedTokens is [var unknown, ..] ? $"'{unknown}' is not a command." : "A command is missing.";
        }

        if (command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0
            && parsed.GetResult(argument) is not { Tokens.Count: > 0 }) is { } missing && command.Subcommands.Count == 0)
        {
            return $"{name} needs {missing.Name}.";
        }

        if (parsed.UnmatchedTokens is [var extra, ..])
        {
            return $"{name} does not accept '{extra}'.";
        }

        // Some messages of System.CommandLine are lists on several lines, without a full stop.
        var message = string.Join(
            ' ', parsed.Errors[^1].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return message.EndsWith('.') ? message : $"{message}.";
    }

    private static int Fail(string line)
    {
        Console.Error.WriteLine(SafeText.Of(line));
        return 1;
    }
}
