using System.CommandLine;
using System.CommandLine.Invocation;
using MarketplaceWebhook.Cli.Commands;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.Cli;

/// <summary>The tool's commands. A command that fails prints one line on stderr and returns exit code 1.</summary>
public static class CommandLine
{
    // Ctrl+C: `dev` lets Azurite write its data before the process ends.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(45);

    public static RootCommand Create() =>
        new("Runs the Cyclr Marketplace notification app on this machine, and inspects and maintains its data.")
    {
        DevCommand.Create(),
        SendCommand.Create(),
        ProbeCommand.Create(),
        ShowCommand.Create(),
        RebuildCommand.Create(),
        DeadLettersCommand.Create(),
        RedriveCommand.Create(),
        EraseCommand.Create(),
        PurgeCommand.Create(),
    };

    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Create().Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            return Fail($"{parsed.Errors[^1].Message} Add --help for usage.");
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TerminationTimeout,
            });
        }
        catch (OperationCanceledException)
        {
            return Fail("Cancelled.");
        }
        catch (Exception exception) when (ExpectedFailure.Describe(exception) is { } line)
        {
            return Fail(line);
        }
    }

    private static int Fail(string line)
    {
        Console.Error.WriteLine(SafeText.Of(line));
        return 1;
    }
}
