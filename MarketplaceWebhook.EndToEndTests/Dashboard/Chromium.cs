using MarketplaceWebhook.EndToEndTests.Dashboard;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

/// <summary>One browser for all tests of the dashboard: an installed Chromium. Playwright does not download one.</summary>
public sealed class Chromium : IAsyncDisposable
{
    /// <summary>Milliseconds. Generous: a build machine may be busy.</summary>
    public const int Deadline = 30_000;

    private const string Missing =
        "Chromium is not installed: put chromium or google-chrome on the PATH (Debian: apt-get install chromium).";

    private static readonly string[] Names =
        ["chromium", "chromium-browser", "google-chrome", "Chromium", "Google Chrome", "chrome.exe", "msedge.exe"];

    private static readonly string[] Arguments =
    [
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-gpu",
        // About half of the browser's processor time: no process for the next page, for the pages below the address field of
        // each window, and for graphics.
        "--disable-features=PaintHolding,SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
        "--renderer-process-limit=1", "--in-process-gpu",
    ];

    private readonly SemaphoreSlim _gate = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Skips the test if Chromium is not installed; with CI=true that is a failure.</summary>
    public async Task<IBrowser> LaunchAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _browser ??= await StartAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _gate.Dispose();
    }

    private async Task<IBrowser> StartAsync()
    {
        if (Find() is not { } executable)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", Missing);
            throw new InvalidOperationException(Missing);
        }

        Assertions.SetDefaultExpectTimeout(Deadline);
        _playwright = await Playwright.CreateAsync();
        return await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = executable,
            Args = Arguments,
            // Chromium does not start with its sandbox as root, or where a container forbids user namespaces.
            ChromiumSandbox = !(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
                && Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") != "true",
        });
    }

    private static string? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Concat(InstallFolders());
        return folders.SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    private static IEnumerable<string> InstallFolders()
    {
        if (OperatingSystem.IsMacOS())
        {
            yield return "/Applications/Chromium.app/Contents/MacOS";
            yield return "/Applications/Google Chrome.app/Contents/MacOS";
            yield break;
        }

        foreach (var programs in (
            Environment.SpecialFolder[])[Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86])
        {
            yield return Path.Combine(Environment.GetFolderPath(programs), "Google", "Chrome", "Application");
            yield return Path.Combine(Environment.GetFolderPath(programs), "Microsoft", "Edge", "Application");
        }
    }
}
