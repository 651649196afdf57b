using System.CommandLine;
using Azure.Identity;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>The storage that an operator's command works on, with the application's rooms on it.</summary>
internal sealed class CommandStorage : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private CommandStorage(StorageSettings settings) =>
        _services = new ServiceCollection().AddLogging().AddMaintenance(settings).BuildServiceProvider();

    public static Option<string?> Option() => new("--storage")
    {
        Description = "A storage account: its connection string, or its name, for the signed-in identity. Without it the one "
            + "of AzureWebJobsStorage, else the emulator on this machine.",
        HelpName = "STORAGE",
    };

    /// <exception cref="UserErrorException">The application has never run on this storage.</exception>
    public static async Task<CommandStorage> OpenAsync(string? storage, CancellationToken cancellationToken)
    {
        var opened = new CommandStorage(Named(storage) ?? Emulator);
        var description = opened.Get<StorageClients>().Description;
        ConsoleOutput.Errors.MarkupLineInterpolated($"[dim]Storage: {description}[/]");
        if (await opened.Get<StorageProvisioner>().IsMadeAsync(cancellationToken))
        {
            return opened;
        }

        await opened.DisposeAsync();
        throw new UserErrorException(
            $"{description} has no table {StorageNames.StatusChangesTable}: the application has not run on this storage. Name "
            + "another in --storage or AzureWebJobsStorage.");
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <exception cref="UserErrorException">Nothing is known of it.</exception>
    public async Task<IReadOnlyList<Guid>> FindAccountsAsync(string name, CancellationToken cancellationToken)
    {
        var accounts = await Get<AccountLookup>().FindAsync(name, cancellationToken);
        return accounts.Count > 0
            ? accounts
            : throw new UserErrorException(
                $"Nothing is known of an account '{name}': give Cyclr's AccountId or the partner's AccountApiId, exactly as it "
                + "was sent. It is there once its first notification was projected.");
    }

    public static StorageSettings Emulator => StorageSettings.FromConnectionString("UseDevelopmentStorage=true");

    /// <param name="storage">As <see cref="Option"/> gives it.</param>
    /// <returns>Null: neither the option nor the environment names one.</returns>
    public static StorageSettings? Named(string? storage)
    {
        if (storage is not null)
        {
            return storage.Contains('=', StringComparison.Ordinal)
                ? StorageSettings.FromConnectionString(storage)
                : StorageSettings.FromAccountName(storage, new DefaultAzureCredential());
        }

        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var section = environment.GetSection(StorageSettings.Name);
        return string.IsNullOrWhiteSpace(section.Value) && !section.GetChildren().Any()
            ? null
            : StorageSettings.Read(environment);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
