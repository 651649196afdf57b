using MarketplaceWebhook.Tests.Support;
using MarketplaceWebhook.Tests.Support.Faults;

namespace MarketplaceWebhook.Tests.Commands;

public sealed class UnresponsiveStorageTests(AzuriteFixture azurite)
{
    private static readonly Dictionary<string, string> ShortTimeLimit = new() { ["TimeLimits__Maintenance"] = "00:00:01" };

    [Theory]
    [InlineData("deadletters", StorageKind.Table)]
    [InlineData("redrive --all --dry-run", StorageKind.Queue)]
    public async Task Command_on_a_storage_that_hangs_fails_with_one_line(string command, StorageKind hanging)
    {
        await using var services = await MaintenanceServices.StartAsync(azurite);
        await using var proxy = await FaultProxy.StartAsync(services.ConnectionString, Cancellation);
        using var fault = proxy.Break(Fault.NoResponse, call => call.Kind == hanging);

        var result = await InProcessCli.RunAsync(proxy.ConnectionString, ShortTimeLimit, command.Split(' '));

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.StartsWith("Storage did not respond in time", LastLine(result.Error), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_prints_the_pending_messages_of_the_fallback_storage_while_the_primary_storage_fails()
    {
        var fallback = azurite.NewAccount();
        await using var services = MaintenanceServices.On(azurite.NewAccount(), fallback: fallback);
        var queue = services.Fallback.Clients.Queue;
        await queue.CreateAsync(cancellationToken: Cancellation);
        await queue.SendMessageAsync("no envelope", Cancellation);
        await using var proxy = await FaultProxy.StartAsync(services.ConnectionString, Cancellation);
        using var fault = proxy.Break(Fault.InternalError);

        var status = await InProcessCli.RunAsync(
            proxy.ConnectionString, ShortTimeLimit, ["status", "--fallback-storage", fallback]);

        Assert.Equal((1, ""), (status.ExitCode, status.Output));
        Assert.Contains("\nMessages in the fallback storage: 1, oldest received 20", status.Error, StringComparison.Ordinal);
        Assert.StartsWith("Storage", LastLine(status.Error), StringComparison.Ordinal);
    }

    private static string LastLine(string text) => text.TrimEnd('\n').Split('\n')[^1];
}
