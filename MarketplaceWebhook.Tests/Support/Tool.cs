using System.Diagnostics;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>The command line tool as its own process: exit code, stdout and stderr as a person gets them.</summary>
public static class Tool
{
    public static async Task<ToolResult> RunAsync(string? storage, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MarketplaceWebhook.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AzureWebJobsStorage"] = storage;
        using var tool = Process.Start(start)!;
        var token = TestContext.Current.CancellationToken;
        var (output, errors) = (tool.StandardOutput.ReadToEndAsync(token), tool.StandardError.ReadToEndAsync(token));
        await tool.WaitForExitAsync(token);
        return new ToolResult(tool.ExitCode, await output, await errors);
    }
}

public sealed record ToolResult(int ExitCode, string Output, string Errors);
