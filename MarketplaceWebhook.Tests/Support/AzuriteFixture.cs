using System.Security.Cryptography;
using MarketplaceWebhook.LocalHost.Storage;

[assembly: AssemblyFixture(typeof(MarketplaceWebhook.Tests.Support.AzuriteFixture))]

namespace MarketplaceWebhook.Tests.Support;

/// <summary>
/// One Azurite for all tests, in memory and on free ports. A test has an account of its own, so that none sees another's
/// rows.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    // Windows holds 32,767 characters in an environment variable: one account needs 54.
    private static readonly int AccountCount = OperatingSystem.IsWindows() ? 600 : 1000;

    private readonly AzuriteAccount[] _accounts =
        [.. Enumerable.Range(0, AccountCount).Select(
            n => new AzuriteAccount($"test{n:D4}", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))))];

    private Azurite? _azurite;
    private int _taken;

    public async ValueTask InitializeAsync() =>
        _azurite = await Azurite.StartAsync(
            new AzuriteOptions { BlobPort = 0, QueuePort = 0, TablePort = 0, Accounts = _accounts },
            Cancellation);

    /// <summary>The connection string of an account that no other test uses.</summary>
    public string NewAccount() => _azurite!.ConnectionString(_accounts[Interlocked.Increment(ref _taken) - 1]);

    public ValueTask DisposeAsync() => _azurite?.DisposeAsync() ?? ValueTask.CompletedTask;
}
