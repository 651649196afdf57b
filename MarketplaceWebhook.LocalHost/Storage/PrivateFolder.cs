namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>A folder that only this user may read: bodies, webhook URLs and keys are in its files.</summary>
public static class PrivateFolder
{
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the folder, or corrects the mode of one that exists.</summary>
    /// <param name="setting">The environment variable that selects another folder.</param>
    /// <exception cref="LocalHostException">It cannot be written, or belongs to another user.</exception>
    public static void Create(string folder, string setting)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, OnlyOwner);
                // Only the owner, or root, can set the mode.
                File.SetUnixFileMode(folder, OnlyOwner);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException(
                $"The folder {folder} cannot be used: {exception.Message.TrimEnd('.')}. Set {setting} to a folder of your own.", exception);
        }
    }
}
