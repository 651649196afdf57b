using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>
/// A NuGet.config in a parent folder can add a source: a package of another content fails the restore (NU1403). Not included is
/// what the SDK of the function app generates and restores itself (WorkerExtensions).
/// </summary>
public sealed class LockFileTests
{
    private static readonly string[] NotOurs = ["bin", "obj", "node_modules", "artifacts"];

    [Fact]
    public void Every_project_has_a_lock_file()
    {
        var projects = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(Repository.Root, path).Split('/', '\\').Intersect(NotOurs).Any())
            .ToList();

        Assert.NotEmpty(projects);
        Assert.All(projects, path => Assert.True(
            File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "packages.lock.json")), path));
    }

    [Fact]
    public void Every_workflow_that_restores_packages_does_it_in_locked_mode()
    {
        var workflows = Directory.EnumerateFiles(Path.Combine(Repository.Root, ".github", "workflows"))
            .Append(Path.Combine(Repository.Root, ".ci", "run"))
            .Where(path => File.ReadAllText(path) is var text
                && (text.Contains("setup-dotnet", StringComparison.Ordinal)
                    || text.Contains("dotnet test", StringComparison.Ordinal)))
            .ToList();

        Assert.NotEmpty(workflows);
        Assert.All(workflows, path => Assert.Matches("RestoreLockedMode(: |=)true", File.ReadAllText(path)));
    }
}
