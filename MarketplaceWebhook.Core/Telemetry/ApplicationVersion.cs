using System.Reflection;

namespace MarketplaceWebhook.Telemetry;

/// <summary>The version of the application and of the tool, which are built together.</summary>
public static class ApplicationVersion
{
    /// <summary>The header of the responses to notifications.</summary>
    public const string HeaderName = "X-MarketplaceWebhook-Version";

    /// <summary>With the commit, as in 1.2.3+abc.</summary>
    public static string Text { get; } = typeof(ApplicationVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
}
