using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Telemetry;

namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>
/// Azurite and the chart library of the dashboard from npm, in the versions of package-lock.json: in the clone that contains this
/// build, else in a folder of this user.
/// </summary>
public static partial class NpmPackages
{
    /// <summary>
    /// npm's own pauses between attempts, 10 s and 60 s, look like a hang where no registry can be reached.
    /// </summary>
    private static readonly string[] ShortPauses = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000"];

    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(200);

    /// <summary>Installs the packages unless they are there in the pinned versions. One process does it, others wait.</summary>
    /// <returns>The path of the folder node_modules.</returns>
    /// <exception cref="LocalHostException">npm is missing or failed.</exception>
    public static async Task<string> EnsureInstalledAsync(Action<string> report, CancellationToken cancellationToken)
    {
        var folder = RepositoryRoot.Find() ?? UserFolder();
        var modules = Path.Combine(folder, "node_modules");
        if (!IsInstalled(folder))
        {
            await using var installation = await LockAsync(folder, cancellationToken);
            if (!IsInstalled(folder))
            {
                report($"Installing Azurite and Chart.js into {modules} (once) ...");
                await InstallAsync(folder, cancellationToken);
            }
        }

        return modules;
    }

    /// <returns>The path of the folder node_modules. Null: they are not installed in the pinned versions.</returns>
    public static string? FindInstalled()
    {
        var folder = RepositoryRoot.Find() ?? UserFolderPath;
        return IsInstalled(folder) ? Path.Combine(folder, "node_modules") : null;
    }

    private static string UserFolderPath => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "marketplace-webhook");

    private static string UserFolder()
    {
        var folder = UserFolderPath;
        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["package.json", "package-lock.json"])
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "azurite", file), Path.Combine(folder, file), overwrite: true);
        }

        return folder;
    }

    // npm writes node_modules/.package-lock.json last: without it an installation was cut off.
    private static bool IsInstalled(string folder)
    {
        var wanted = Packages(Path.Combine(folder, "package-lock.json"));
        var installed = Packages(Path.Combine(folder, "node_modules", ".package-lock.json"));
        var names = wanted?[""]?["devDependencies"]?.AsObject().Select(package => $"node_modules/{package.Key}") ?? [];
        return installed is not null && names.All(name => Version(installed, name) == Version(wanted!, name));
    }

    private static JsonNode? Packages(string lockFile) =>
        File.Exists(lockFile) ? JsonNode.Parse(File.ReadAllText(lockFile))?["packages"] : null;

    private static string? Version(JsonNode packages, string name) => (string?)packages[name]?["version"];

    private static async Task<FileStream> LockAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, ".npm-install.lock");
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(LockPoll, cancellationToken);
            }
        }
    }

    /// <summary>npm prints its error code and other keys first, then a sentence, then the stack.</summary>
    private static string FirstError(string output)
    {
        var lines = output.ReplaceLineEndings("\n").Split('\n')
            .Select(line => NpmPrefix().Replace(line, "").Trim())
            .Where(line => line.Length > 0)
            .ToList();
        return SafeText.Of(lines.FirstOrDefault(line => !KeyLine().IsMatch(line)) ?? lines.FirstOrDefault(), 300).TrimEnd('.');
    }

    private static async Task InstallAsync(string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            NodePrograms.Npm(),
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", .. ShortPauses])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var npm = Process.Start(start)!;
        try
        {
            var output = npm.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = await npm.StandardError.ReadToEndAsync(cancellationToken);
            await output;
            await npm.WaitForExitAsync(cancellationToken);
            if (npm.ExitCode != 0)
            {
                throw new LocalHostException(
                    $"npm could not install Azurite into {folder}: {FirstError(error)}. Check npm's registry and proxy "
                    + "(`npm config list`), or set AzureWebJobsStorage to use another storage.");
            }
        }
        finally
        {
            if (!npm.HasExited)
            {
                npm.Kill(entireProcessTree: true);
            }
        }
    }

    [GeneratedRegex("^npm (error|ERR!)")]
    private static partial Regex NpmPrefix();

    [GeneratedRegex("^(code|errno|syscall|address|port|type|network) ")]
    private static partial Regex KeyLine();
}
