using System.Text;
using System.Text.RegularExpressions;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>Every command that knows the fallback storage, with every state of it: what it prints, and its exit code.</summary>
public sealed partial class FallbackTextTests(AzuriteFixture azurite)
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");

    private static readonly string[] Commands =
    [
        "status", $"erase {Account}", $"erase {Account} --yes --wait 0s", "purge --older-than 1d",
        "purge --older-than 1d --yes --wait 0s",
    ];

    private static readonly Dictionary<string, string> ShortTimeLimit = new() { ["TimeLimits__Maintenance"] = "00:00:01" };

    [Fact]
    public async Task Commands_with_each_state_of_the_fallback_storage_are_approved()
    {
        var states = new (string Name, Func<string, Task<FaultProxy?>> PrepareAsync)[]
        {
            ("absent", _ => Task.FromResult<FaultProxy?>(null)),
            ("never used", _ => Task.FromResult<FaultProxy?>(null)),
            ("empty", fallback => FillAsync(fallback, isWaiting: false)),
            ("waiting", fallback => FillAsync(fallback, isWaiting: true)),
            ("denied", fallback => BreakAsync(fallback, Fault.Forbidden)),
            ("hanging", fallback => BreakAsync(fallback, Fault.NoResponse)),
        };
        var transcripts = await Task.WhenAll(states.SelectMany(state => Commands.Select(
            command => RunAsync(state.Name, state.PrepareAsync, command))));

        Approved.AssertIs("fallback-states", string.Concat(transcripts));
    }

    [Fact]
    public async Task Status_of_an_empty_primary_storage_shows_the_pending_messages_of_the_fallback()
    {
        var fallback = azurite.NewAccount();
        await FillAsync(fallback, isWaiting: true);

        var status = await InProcessCli.RunAsync(azurite.NewAccount(), "status", "--fallback-storage", fallback);

        Assert.Equal(2, status.ExitCode);
        Assert.Contains("messages in the fallback storage  1 ", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_reports_a_failed_check_of_the_application()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await new FallbackCheckResult(Ids.Start, "RequestFailedException 403 AuthorizationFailure")
            .WriteAsync(services.Clients, Cancellation);

        var status = await InProcessCli.RunAsync(
            services.ConnectionString, "status", "--fallback-storage", azurite.NewAccount());

        Assert.Equal(2, status.ExitCode);
        Assert.Contains(
            "the fallback storage failed the application's check at 2026-01-01 00:00:00 UTC: "
                + "RequestFailedException 403 AuthorizationFailure", status.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("erase x")]
    [InlineData("purge --older-than 1d")]
    public async Task Command_that_deletes_requires_the_fallback_storage_of_another_storage(string command)
    {
        var cli = await InProcessCli.RunAsync(
            new Dictionary<string, string>(), [.. command.Split(' '), "--storage", "UseDevelopmentStorage=true"]);

        Assert.Equal(
            (1, "--storage requires --fallback-storage: the fallback storage, or none. Add --help for usage.\n"),
            (cli.ExitCode, cli.Error));
    }

    [Fact]
    public async Task Erase_from_the_environment_reports_that_it_did_not_inspect_a_fallback_storage()
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);

        var cli = await InProcessCli.RunAsync(
            new Dictionary<string, string> { [StorageSettings.Name] = services.ConnectionString }, ["erase", Account.ToString()]);

        Assert.Contains(
            "The fallback storage was not checked: neither --fallback-storage nor FallbackStorage is set.", cli.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain(StorageNames.FallbackQueue, cli.Output, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string state, Func<string, Task<FaultProxy?>> prepareAsync, string command)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await services.ProjectAsync(Ids.Minute(1), NotificationBody.Of("installed", Account, apiId: "Acme"));
        var fallback = azurite.NewAccount();
        await using var proxy = await prepareAsync(fallback);
        string[] option = ["--fallback-storage", state == "absent" ? "none" : proxy?.ConnectionString ?? fallback];
        var result = await InProcessCli.RunAsync(
            services.ConnectionString, ShortTimeLimit, [.. command.Split(' '), .. option]);

        var text = new StringBuilder($"$ {command}, fallback storage {state}\n{result.Output}");
        foreach (var line in result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append($"stderr: {line}\n");
        }

        return Changing().Replace(text.Append($"exit code {result.ExitCode}\n\n").ToString(), "…");
    }

    private static async Task<FaultProxy?> FillAsync(string fallback, bool isWaiting)
    {
        var storage = new FallbackStorage(
            new StorageClients(StorageSettings.FromConnectionString(fallback), StorageProfile.Fallback));
        await storage.Clients.CreateMissingAsync(Cancellation);
        if (isWaiting)
        {
            await storage.Queue.SendAsync(
                new ReceivedNotification(
                    Ids.Minute(2), SourceLabel.Default, TraceParent: null, UserAgent: null, Account,
                    Encoding.UTF8.GetBytes(NotificationBody.Of("started", Account, padding: new string('x', 40_000)))),
                Cancellation);
        }

        return null;
    }

    private static async Task<FaultProxy?> BreakAsync(string fallback, Fault fault)
    {
        var proxy = await FaultProxy.StartAsync(fallback, Cancellation);
        proxy.Break(fault);
        return proxy;
    }

    [GeneratedRegex(@"(?<=[Ss]torage: )test.*|(?<=older than )[0-9: -]+(?= UTC)")]
    private static partial Regex Changing();
}
