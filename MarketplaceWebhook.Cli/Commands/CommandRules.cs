using System.CommandLine;
using System.CommandLine.Parsing;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>What every command refuses, and options that do not apply: one that was ignored would promise too much.</summary>
internal static class CommandRules
{
    /// <summary>A blank value comes from a variable that is not set.</summary>
    public static void RefuseBlankValues(this Command command)
    {
        foreach (var argument in command.Arguments)
        {
            argument.Validators.Add(result => Check(result, argument.Name));
        }

        foreach (var option in command.Options)
        {
            option.Validators.Add(result => Check(result, option.Name));
        }

        foreach (var subcommand in command.Subcommands)
        {
            subcommand.RefuseBlankValues();
        }
    }

    public static void Requires(this Command command, Option option, Option<bool> other) => command.Validators.Add(result =>
    {
        if (result.Has(option) && !result.GetValue(other))
        {
            result.AddError($"{option.Name} requires {other.Name}.");
        }
    });

    /// <summary>
    /// Another storage has another fallback storage than the one of the environment: a command that did not look there must not
    /// report that nothing is there.
    /// </summary>
    public static void RequiresFallback(this Command command, Option storage, Option fallback) =>
        command.Validators.Add(result =>
        {
            if (result.Has(storage) && !result.Has(fallback))
            {
                result.AddError($"{storage.Name} requires {fallback.Name}: the fallback storage, or {CommandStorage.None}.");
            }
        });

    /// <summary>Options of a command do not apply to its subcommand, which can have some of the same name.</summary>
    public static void RefuseOptionsOfParent(this Command command) => command.Validators.Add(result =>
    {
        if (result.Parent is CommandResult parent && parent.Command.Options.FirstOrDefault(parent.Has) is { } option)
        {
            result.AddError($"{option.Name} does not apply before {command.Name}: the options of {command.Name} follow it.");
        }
    });

    /// <summary>True if the option was given, not if it has its default value.</summary>
    public static bool Has(this CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static void Check(SymbolResult result, string name)
    {
        if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError($"{name} must not be blank.");
        }
    }
}
