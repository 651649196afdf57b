using System.Text.RegularExpressions;
using System.Xml.Linq;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Commands;

public sealed class CommandLineTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("'instaled' is neither a file nor one of installed", "send", "instaled")]
    [InlineData("--account must be a GUID", "send", "installed", "--account", "x")]
    [InlineData("--package must be an integer", "send", "installed", "--package", "x")]
    [InlineData("--url must be an absolute URL", "send", "installed", "--url", "here")]
    [InlineData("--url must begin with https", "send", "installed", "--url", "http://example.com/?code=secret")]
    [InlineData("--url must begin with https", "probe", "--url", "http://example.com/?code=secret")]
    [InlineData("-- dev", "send", "installed", "--url", "http://127.0.0.1:1/?code=secret")]
    [InlineData("--url must be an absolute URL", "probe", "--url", "here")]
    [InlineData(
        "http://127.0.0.1:1 did not respond", "probe", "--url", "http://127.0.0.1:1/?code=secret", "--storage", "somestorage")]
    [InlineData("dev is not running on this machine: start it with", "send", "installed")]
    [InlineData("dev is not running on this machine: start it with", "probe")]
    [InlineData("--port must be a number", "dev", "--port", "70710")]
    [InlineData("--key must not be blank", "dev", "--key", "")]
    [InlineData("The folder /not/there does not exist", "dev", "--port", "0", "--app", "/not/there")]
    [InlineData("is not a valid storage connection string", "dev", "--port", "0", "--app", "APP")]
    [InlineData("'bla'", "bla")]
    public async Task Invalid_command_prints_one_line_on_stderr_and_returns_1(
        string expected, params string[] arguments)
    {
        using var app = new FakeApp();
        app.WithQueue("Orders", "orders");

        using var cli = await CliProcess.RunAsync("no connection string", [.. arguments.Select(argument => argument == "APP"
            ? app.Folder
            : argument)]);

        Assert.Equal(1, cli.ExitCode);
        Assert.Contains(
            expected, Assert.Single(cli.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", cli.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Output);
    }

    /// <summary>A blank value comes from a variable that is not set: `erase ""` must not find an account without an id.</summary>
    [Theory]
    [InlineData("ACCOUNT", "erase", "", "--yes")]
    [InlineData("ACCOUNT", "show", " ")]
    [InlineData("ACCOUNT", "rebuild", "", "--apply")]
    [InlineData("ACCOUNT", "reconcile", "\t")]
    [InlineData("--account", "redrive", "--all", "--account", "")]
    [InlineData("--fallback-storage", "status", "--fallback-storage", "")]
    [InlineData("--url", "probe", "--url", "")]
    [InlineData("ID", "deadletters", "show", "")]
    public async Task Blank_value_is_rejected(string name, params string[] arguments)
    {
        var result = await InProcessCli.RunAsync("UseDevelopmentStorage=true", arguments);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Equal($"{name} must not be blank. Add --help for usage.\n", result.Error);
    }

    [Theory]
    [InlineData("--kind requires --all.", "redrive", "42", "--kind", "failed")]
    [InlineData("--since requires --all.", "redrive", "42", "--since", "1s")]
    [InlineData("--wait requires --yes.", "erase", "x", "--wait", "1s")]
    [InlineData("--wait requires --yes.", "purge", "--older-than", "1d", "--wait", "1s")]
    [InlineData(
        "--json does not apply before show: the options of show follow it.", "deadletters", "--json", "show", "42")]
    [InlineData(
        "--storage does not apply before show: the options of show follow it.", "deadletters", "--storage", "x", "show", "42")]
    public async Task Option_that_does_not_apply_is_rejected(string expected, params string[] arguments)
    {
        var result = await InProcessCli.RunAsync("UseDevelopmentStorage=true", arguments);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Equal($"{expected} Add --help for usage.\n", result.Error);
    }

    /// <summary>The key of a connection string, a URL or `dev`.</summary>
    [Theory]
    [InlineData("Unrecognized option '--storag'. ", "status", "--storag", "AccountName=a;AccountKey=s3cret")]
    [InlineData("Unrecognized option '--storag'. ", "status", "--storag=AccountName=a;AccountKey=s3cret")]
    [InlineData("Unrecognized option '--storag'. ", "rebuild", "--storag", "AccountName=a;AccountKey=s3cret")]
    [InlineData("Unrecognized option '--storag'. ", "redrive", "--all", "--storag", "AccountName=a;AccountKey=s3cret")]
    [InlineData("Unrecognized option '-storage'. ", "show", "x", "-storage", "AccountName=a;AccountKey=s3cret")]
    [InlineData("Unrecognized option '--ur'. ", "send", "installed", "--ur", "https://example.com/?code=s3cret")]
    [InlineData("Unrecognized option '--kei'. ", "dev", "--kei", "s3cret")]
    [InlineData("Unrecognized option '--kei'. ", "dev", "--key", "-s3cret", "--kei")]
    [InlineData("'(not shown)'", "status", "AccountName=a;AccountKey=s3cret")]
    [InlineData("'(not shown)' is not a notification id", "deadletters", "show", "BlobEndpoint=x;SharedAccessSignature=s3cret")]
    [InlineData("Unknown account '(not shown)'", "show", "AccountName=a;AccountKey=s3cret")]
    public async Task Secret_in_the_wrong_place_is_not_repeated(string expected, params string[] arguments)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);

        var result = await InProcessCli.RunAsync(services.ConnectionString, arguments);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Account_that_begins_like_an_option_is_found_after_two_dashes()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Guid.Empty, apiId: "--acme"));

        using var shown = await CliProcess.RunAsync(services.ConnectionString, "show", "--", "--acme");

        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("--acme", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_option_prints_the_version_and_the_commit()
    {
        Assert.SkipUnless(Path.Exists(Repository.PathOf(".git")), "Without a clone there is no commit.");
        var version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

        using var cli = await CliProcess.RunAsync(null, "--version");

        Assert.Equal((0, ""), (cli.ExitCode, cli.Error));
        Assert.Matches($@"^{Regex.Escape(version)}\+[0-9a-f]{{40}}\r?\n$", cli.Output);
    }

    [Fact]
    public async Task Dev_runs_the_app_until_SIGTERM_and_send_posts_to_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A signal for POSIX systems.");
        using var app = new FakeApp();
        app.WithHttp("Orders", "orders/{source?}").Respond(202, """{"notificationId":"7\u001b[2J"}""");
        using var dev = await CliProcess.StartDevAsync(azurite.NewAccount(), "--app", app.Folder, "--key", "a key&");
        var url = dev.Url.AbsoluteUri;

        using var sent = await CliProcess.RunAsync(null, "send", "stopped", "--url", url);
        using var rejected = await CliProcess.RunAsync(
            null, "send", "stopped", "--url", url.Replace("key", "kee", StringComparison.Ordinal));
        await dev.UntilItPrintsAsync("401");
        dev.Terminate();
        await dev.WaitForExitAsync();

        Assert.EndsWith("/api/orders?code=a%20key%26", url, StringComparison.Ordinal);
        Assert.Equal((0, 1), (sent.ExitCode, rejected.ExitCode));
        Assert.StartsWith("202 Accepted", sent.Output, StringComparison.Ordinal);
        Assert.Contains(@"202      Orders                7\u{1B}[2J", dev.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("kee", dev.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (dev.ExitCode, dev.Error));
        Assert.False(Processes.IsRunning(Assert.Single(app.Requests).Pid));
    }

    [Fact]
    public async Task Send_finds_the_url_and_key_of_dev_in_a_file_that_only_the_user_can_read_until_dev_ends()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes and a signal for POSIX systems.");
        using var app = OrdersApp();
        using var dev = await CliProcess.StartDevAsync(azurite.NewAccount(), "--app", app.Folder);
        var file = Assert.Single(Directory.GetFiles(dev.Folder, "*.json"));

        using var sent = await CliProcess.RunAsync(null, dev.SameFolder, ["send", "stopped"]);
        using var rejected = await CliProcess.RunAsync(
            null, "send", "stopped", "--url", dev.Url.AbsoluteUri.Replace("code=", "code=x", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(file));
            Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(dev.Folder));
        }

        dev.Terminate();
        await dev.WaitForExitAsync();

        Assert.Equal((0, 1, ""), (sent.ExitCode, rejected.ExitCode, sent.Error));
        Assert.StartsWith("401 Unauthorized", rejected.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(dev.Folder));
    }

    [Fact]
    public async Task Key_of_dev_is_random_for_each_run()
    {
        using var app = OrdersApp();
        using var one = await CliProcess.StartDevAsync(azurite.NewAccount(), "--app", app.Folder);
        using var other = await CliProcess.StartDevAsync(azurite.NewAccount(), "--app", app.Folder);

        string[] keys = [one.Url.AbsoluteUri.Split("code=")[1], other.Url.AbsoluteUri.Split("code=")[1]];

        Assert.All(keys, key => Assert.Matches("^[0-9a-f]{48}$", key));
        Assert.NotEqual(keys[0], keys[1]);
    }

    [Fact]
    public async Task Send_reports_that_dev_is_not_running_after_it_was_killed()
    {
        using var app = OrdersApp();
        using var dev = await CliProcess.StartDevAsync(azurite.NewAccount(), "--app", app.Folder);
        await Processes.KillAsync(dev.ProcessId);
        Assert.NotEmpty(Directory.GetFiles(dev.Folder));

        using var sent = await CliProcess.RunAsync(null, dev.SameFolder, ["send", "stopped"]);

        Assert.Equal((1, ""), (sent.ExitCode, sent.Output));
        Assert.StartsWith("dev is not running", sent.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_reaches_storage_on_this_machine_although_a_proxy_is_set_for_every_address()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);

        using var status = await CliProcess.RunAsync(
            services.ConnectionString, new Dictionary<string, string> { ["HTTP_PROXY"] = "http://127.0.0.1:1" }, ["status"]);

        Assert.Equal(0, status.ExitCode);
    }

    private static FakeApp OrdersApp() =>
        new FakeApp().WithHttp("Orders", "orders/{source?}").Respond(202, """{"notificationId":"7"}""");
}
