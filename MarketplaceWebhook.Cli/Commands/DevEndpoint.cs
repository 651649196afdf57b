using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost.Storage;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>
/// The URL and key of a running `dev`, in a folder of this user: `send` and `probe` find them from any current folder. There is
/// one file for each storage account, with a lock, because two `dev` with the same storage would share its notifications.
/// </summary>
internal sealed class DevEndpoint : IDisposable
{
    private const string FolderVariable = "DEV_STATE_FOLDER";

    private readonly FileStream _lock;
    private readonly string _path;
    private bool _isPublished;

    private DevEndpoint(FileStream locked, string path) => (_lock, _path) = (locked, path);

    private static string Folder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "marketplace-webhook", "dev");

    /// <exception cref="UserErrorException">Another `dev` has the storage.</exception>
    public static DevEndpoint Reserve(StorageSettings storage)
    {
        PrivateFolder.Create(Folder, FolderVariable);
        var path = Path.Combine(Folder, $"{NameOf(storage.Address)}.json");
        try
        {
            // The operating system unlocks the file of a process that was killed.
            var locked = new FileStream(
                Path.ChangeExtension(path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None,
                bufferSize: 1, FileOptions.DeleteOnClose);
            return new DevEndpoint(locked, path);
        }
        catch (IOException exception)
        {
            var who = Read(path) is { } other ? $" (process {other.ProcessId}, {Address(other)})" : "";
            throw new UserErrorException(
                $"dev is already running with this storage{who}, and two of them would share its notifications: end it, or set "
                + "AzureWebJobsStorage to another storage.", exception);
        }
    }

    public void Publish(Uri url, string key)
    {
        var content = JsonSerializer.Serialize(new Content(url, key, Environment.ProcessId));
        // A new file that is moved: a reader sees all of it or nothing, and the file mode is never the one of an older file.
        var written = $"{_path}.{Environment.ProcessId}";
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

        File.Move(written, _path, overwrite: true);
        _isPublished = true;
    }

    /// <summary>The URL to post to, with the key.</summary>
    /// <exception cref="UserErrorException">No `dev` is running, or more than one.</exception>
    public static Uri Find() => Running() switch
    {
        [var one] => new Uri($"{one.Url}?code={Uri.EscapeDataString(one.Key)}"),
        [] => throw new UserErrorException(
            $"dev is not running on this machine: start it with {ToolCommand.Of("dev")}, or pass a URL in --url or WEBHOOK_URL."),
        var several => throw new UserErrorException(
            $"More than one dev is running ({string.Join(", ", several.Select(Address))}): pass the URL of one, which it printed, in --url or "
            + "WEBHOOK_URL."),
    };

    /// <exception cref="UserErrorException">A running `dev` listens on the port.</exception>
    public static void RequireNotRunning(int port)
    {
        if (Running().FirstOrDefault(running => running.Url.Port == port) is { } running)
        {
            throw new UserErrorException(
                $"dev is already running on port {port} (process {running.ProcessId}): end it. For a second one specify another port with "
                + "--port, and another storage in AzureWebJobsStorage.");
        }
    }

    public void Dispose()
    {
        try
        {
            if (_isPublished)
            {
                File.Delete(_path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without effect on others: the file names a process that has ended.
        }

        _lock.Dispose();
    }

    private static List<Content> Running()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        // A folder of another user, or that others can write to, could have any URL.
        PrivateFolder.Create(Folder, FolderVariable);
        return [.. Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).Select(Read).OfType<Content>()];
    }

    /// <returns>Null if the `dev` that wrote it has ended, or if it cannot be used.</returns>
    private static Content? Read(string path)
    {
        try
        {
            if (JsonSerializer.Deserialize<Content>(File.ReadAllText(path)) is not { Url: not null, Key: not null } content
                || !IsRunning(content.ProcessId))
            {
                return null;
            }

            if (content.Url.IsLoopback)
            {
                return content;
            }

            ConsoleOutput.Remark($"{path} is not used: its URL is not on this machine. Delete the file.");
        }
        catch (Exception exception) when (
            exception is FileNotFoundException or DirectoryNotFoundException or JsonException or NotSupportedException
                or InvalidOperationException)
        {
            // It has just ended, or it is not the file of a `dev`.
        }

        return null;
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

    private static string Address(Content content) => content.Url.GetLeftPart(UriPartial.Authority);

    /// <summary>The account may be a secret of a customer: it is not in the name.</summary>
    private static string NameOf(string address) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address)))[..32];

    private sealed record Content(Uri Url, string Key, int ProcessId);
}
