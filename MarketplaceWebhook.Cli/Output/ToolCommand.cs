using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>How a user runs a command of this build of the tool: installed, or in a clone of the repository.</summary>
internal static class ToolCommand
{
    private const string Installed = "marketplace-webhook";

    private const string InClone = "dotnet run --project MarketplaceWebhook.Cli --";

    public static string Of(string arguments) => $"`{(IsInClone ? InClone : Installed)} {arguments}`";

    /// <summary>For the help, whose usage lines have the command of the installed tool.</summary>
    public static string? Remark => IsInClone ? $"In this clone {Installed} is `{InClone}`." : null;

    private static bool IsInClone => RepositoryRoot.Find() is not null;
}
