using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.Commands;

/// <summary>Help, and the errors of the command line.</summary>
public sealed class CommandTextTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("")]
    [InlineData("dev")]
    [InlineData("send")]
    [InlineData("probe")]
    [InlineData("status")]
    [InlineData("dashboard")]
    [InlineData("accounts")]
    [InlineData("show")]
    [InlineData("rebuild")]
    [InlineData("reconcile")]
    [InlineData("deadletters")]
    [InlineData("deadletters show")]
    [InlineData("redrive")]
    [InlineData("erase")]
    [InlineData("purge")]
    public async Task Help_text_is_approved(string command)
    {
        using var help = await CliProcess.RunAsync(null, [.. Transcript.Arguments(command), "--help"]);

        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Approved.AssertIs($"help {command}".TrimEnd().Replace(' ', '-'), help.Output);
    }

    [Fact]
    public async Task Errors_are_approved()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);

        Approved.AssertIs("errors", await Transcript.OfAsync(
            async arguments =>
            {
                using var cli = await CliProcess.RunAsync(services.ConnectionString, arguments);
                return new CliResult(cli.ExitCode, cli.Output, cli.Error);
            },
            "",
            "sho X",
            "--verson",
            "send",
            "send instaled",
            "send started --url http://127.0.0.1:1/",
            "send started --url http://example.com/",
            "dev --forward-to localhost:3000",
            "dev --forward-to http://user:password@localhost:3000/changes",
            "status --since 99999999d",
            "status --fallback-storage no;connection=string",
            "show",
            "show X Y",
            "show X --jsn",
            "show unknown",
            "accounts unknown",
            "show x --history -1",
            "show x --storage no;connection=string",
            "show x --storage Not-A-Name",
            "deadletters --kind lost",
            "deadletters --since yesterday",
            "deadletters show",
            "deadletters show 42",
            "deadletters show 019bb1b5-3d80-7000-8000-000000000001",
            "redrive",
            "redrive --all --json",
            "redrive 42 --all",
            "redrive 42",
            "rebuild unknown",
            "rebuild --settle soon",
            "erase unknown --yes",
            "purge",
            "purge --older-than 5m",
            "purge --older-than 99999999999999999999d"));
    }
}
