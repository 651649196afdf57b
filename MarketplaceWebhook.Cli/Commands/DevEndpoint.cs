using System.Diagnostics;
using System.Text.Json;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>
/// The URL and key of the running `dev`, in a file in its data folder that only this user may read: `send` and `probe` use them.
/// The file is removed when `dev` ends. Only one `dev` at a time has the data folder.
/// </summary>
internal sealed class DevEndpoint : IDisposable
{
    private readonly FileStream _lock;
    private bool _isPublished;

    private DevEndpoint(FileStream locked) => _lock = locked;

    private static string FilePath => Path.Combine(DevStorage.DataFolder, "dev.json");

    /// <exception cref="UserErrorException">Another `dev` has the data folder.</exception>
    public static DevEndpoint Reserve()
    {
        Directory.CreateDirectory(DevStorage.DataFolder);
        try
        {
            // The operating system unlocks the file of a process that was killed.
            return new DevEndpoint(new FileStream(
                Path.Combine(DevStorage.DataFolder, "dev.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None,
                bufferSize: 1, FileOptions.DeleteOnClose));
        }
        catch (IOException e)
        {
            throw new UserErrorException(
                $"dev is already running with the data folder {DevStorage.DataFolder}: end it, or set DEV_DATA_FOLDER to another "
                + "folder.", e);
        }
    }

    public void Publish(Uri url, string key)
    {
        var content = JsonSerializer.Serialize(new Content(url, key, Environment.ProcessId));
        // A new file that is moved: a reader sees all of it or nothing, and the file mode is never the one of an older file.
        var written = $"{FilePath}.{Environment.ProcessId}";
        File.Delete(written);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(written, options))
        {
            writer.Write(content);
        }

        File.Move(written, FilePath, overwrite: true);
        _isPublished = true;
    }

    /// <summary>The URL to post to, with the key.</summary>
    /// <exception cref="UserErrorException">`dev` is not running.</exception>
    public static Uri Find()
    {
        try
        {
            if (JsonSerializer.Deserialize<Content>(File.ReadAllText(FilePath)) is { Url: not null, Key: not null } running
                && IsRunning(running.ProcessId))
            {
                return new Uri($"{running.Url}?code={Uri.EscapeDataString(running.Key)}");
            }
        }
        catch (Exception exception) when (
            exception is FileNotFoundException or DirectoryNotFoundException or JsonException or NotSupportedException)
        {
            // Never started with this data folder, or ended.
        }

        throw new UserErrorException(
            "dev is not running on this machine: start it with `dotnet run --project MarketplaceWebhook.Cli -- dev`, or pass a URL in "
            + "--url.");
    }

    public void Dispose()
    {
        try
        {
            if (_isPublished)
            {
                File.Delete(FilePath);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without effect on others: the file names a process that has ended.
        }

        _lock.Dispose();
    }

    /// <summary>False for the process of a `dev` that was killed and could not remove its file.</summary>
    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private sealed record Content(Uri Url, string Key, int ProcessId);
}
