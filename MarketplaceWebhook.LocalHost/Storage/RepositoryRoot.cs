namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>The root of the clone that contains this build, if any.</summary>
public static class RepositoryRoot
{
    public static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MarketplaceWebhook.sln")) && File.Exists(
                Path.Combine(folder.FullName, "package.json")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
