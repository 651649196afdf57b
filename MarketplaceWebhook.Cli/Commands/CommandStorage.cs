using System.CommandLine;
using System.Globalization;
using Azure.Identity;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>The storage that a command works on, with the application's maintenance classes.</summary>
internal sealed class CommandStorage : IAsyncDisposable
{
    /// <summary>The value of <see cref="FallbackOption"/> without a fallback storage.</summary>
    public const string None = "none";

    private const string OptionName = "--storage";
    private const string FallbackOptionName = "--fallback-storage";

    private const int MostSuggestions = 5;

    private readonly ServiceProvider _services;

    private CommandStorage(AppSettings settings, bool isFallbackKnown)
    {
        _services = new ServiceCollection().AddLogging().AddMaintenance(settings).BuildServiceProvider();
        Settings = settings;
        IsFallbackKnown = isFallbackKnown;
    }

    public AppSettings Settings { get; }

    /// <summary>Null: it is not inspected.</summary>
    public FallbackStorage? Fallback => _services.GetService<FallbackStorage>();

    /// <summary>False: there can be a fallback storage that is not inspected.</summary>
    public bool IsFallbackKnown { get; }

    public static Option<string?> Option() => new(OptionName)
    {
        Description = "The storage account: a connection string, or a name to use with the signed-in identity. Default: "
            + "AzureWebJobsStorage, otherwise the emulator on this machine.",
        HelpName = "STORAGE",
    };

    public static Option<string?> FallbackOption() => new(FallbackOptionName)
    {
        Description = $"The fallback storage account, like --storage, or {None}. Default: FallbackStorage.",
        HelpName = "STORAGE",
    };

    /// <summary>Without a call: the storage may be empty or not respond.</summary>
    public static CommandStorage Open(IConfiguration environment, string? storage, string? fallback = null)
    {
        var fallbackSettings = fallback == None ? null : FindSettings(environment, fallback, StorageSettings.FallbackName);
        var opened = new CommandStorage(
            AppSettings.Read(environment, FindSettings(environment, storage) ?? Emulator, fallbackSettings),
            isFallbackKnown: fallback == None || fallbackSettings is not null);
        ConsoleOutput.Errors.WriteParts(($"Storage: {opened.Get<StorageClients>().Description}", ConsoleOutput.Dim));
        if (opened.Fallback is { } inspected)
        {
            ConsoleOutput.Errors.WriteParts(($"Fallback storage: {inspected.Clients.Description}", ConsoleOutput.Dim));
        }

        return opened;
    }

    /// <inheritdoc cref="OpenAsync(IConfiguration, string?, string?, CancellationToken)"/>
    public static Task<CommandStorage> OpenAsync(
        IConfiguration environment, string? storage, CancellationToken cancellationToken) =>
        OpenAsync(environment, storage, fallback: null, cancellationToken);

    /// <exception cref="UserErrorException">The application has not run on this storage.</exception>
    public static async Task<CommandStorage> OpenAsync(
        IConfiguration environment, string? storage, string? fallback, CancellationToken cancellationToken)
    {
        var opened = Open(environment, storage, fallback);
        if (await opened.Get<StatusChangeLog>().ExistsAsync(cancellationToken))
        {
            return opened;
        }

        var description = opened.Get<StorageClients>().Description;
        await opened.DisposeAsync();
        throw new UserErrorException(
            $"{description} has no table {StorageNames.StatusChangesTable}: the application has not run on this storage. Use "
            + "--storage or AzureWebJobsStorage to select another one.");
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <exception cref="UserErrorException">The account is unknown.</exception>
    public async Task<IReadOnlyList<Guid>> FindAccountsAsync(string name, CancellationToken cancellationToken)
    {
        var found = await Get<AccountLookup>().FindAsync(name, cancellationToken);
        if (found.IsNotIndexed)
        {
            ConsoleOutput.Remark(
                $"The table {StorageNames.AccountsTable} does not list '{name}': all of {StorageNames.InstallsTable} was read to find "
                + "it. `rebuild --apply` adds what is missing.");
        }

        return found.Ids.Count > 0 ? found.Ids : throw new UserErrorException(await SuggestAsync(name, cancellationToken));
    }

    private async Task<string> SuggestAsync(string name, CancellationToken cancellationToken)
    {
        var similar = await Get<AccountSearch>().FindAsync(name, cancellationToken);
        if (similar.Count == 0)
        {
            return $"Unknown account '{name}': use Cyclr's AccountId or the partner's AccountApiId, exactly as it was sent. An "
                + "account is known once its first notification has been projected. `accounts` lists all.";
        }

        var ids = similar.Take(MostSuggestions).Select(account => account.ApiIds is [var apiId, ..] ? $"'{apiId}'" : account.Id);
        var rest = similar.Count > MostSuggestions ? $"; `accounts` finds {similar.Count}." : ".";
        return $"Unknown account '{name}'. Similar: {string.Join(", ", ids)}{rest}";
    }

    public static StorageSettings Emulator => StorageSettings.FromConnectionString("UseDevelopmentStorage=true");

    /// <param name="environment">The settings of the process.</param>
    /// <param name="storage">The value of <see cref="Option"/>.</param>
    /// <param name="name">The setting.</param>
    /// <returns>Null if neither the option nor the environment specifies one.</returns>
    public static StorageSettings? FindSettings(
        IConfiguration environment, string? storage, string name = StorageSettings.Name)
    {
        if (storage is not null)
        {
            return storage.Contains('=', StringComparison.Ordinal)
                ? name == StorageSettings.FallbackName
                    ? StorageSettings.FromConnectionString(storage, FallbackOptionName, hasTables: false)
                    : StorageSettings.FromConnectionString(storage, OptionName)
                : StorageSettings.FromAccountName(storage, new DefaultAzureCredential());
        }

        return StorageSettings.Find(environment, name);
    }

    /// <summary>Those with bodies.</summary>
    public string Containers => Names("container", StorageNames.PayloadContainer, StorageNames.FallbackPayloadContainer);

    /// <summary>Of the places that a number is about: those that were inspected.</summary>
    public string Names(string kind, string name, string fallbackName) =>
        Fallback is null ? $"{kind} {name}" : $"{kind}s {name}, {fallbackName}";

    /// <summary>Numbers of what was or would be deleted.</summary>
    public void PrintDeleted(string title, params IEnumerable<(string What, string Where, int Number)> lines)
    {
        var table = ConsoleOutput.Table(["What", "Number"], "Where");
        foreach (var (what, where, number) in lines)
        {
            table.Add([what, number.ToString(CultureInfo.InvariantCulture)], where);
        }

        ConsoleOutput.Write(title, table);
        RemarkUnknownFallback();
    }

    public void RemarkUnknownFallback()
    {
        if (!IsFallbackKnown)
        {
            ConsoleOutput.Remark(
                $"The fallback storage was not checked: neither --fallback-storage nor {StorageSettings.FallbackName} is set.");
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
