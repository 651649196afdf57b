namespace MarketplaceWebhook.Cli.LocalHost.Storage;

/// <summary>The folder of the clone that this build lies in, where it lies in one.</summary>
public static class RepositoryRoot
{
    public static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MarketplaceWebhook.sln")) && File.Exists(
                Path.Combine(folder.FullName, "package.json")))
                return folder.FullName;
        }

        return null;
    }
}
