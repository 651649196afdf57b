using System.CommandLine;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Commands;

/// <summary>
/// `dev` runs a build that was not released: on the storage account of a deployment it would compete with the deployed app for
/// notifications of customers, and with a fallback storage there it would move them to this machine.
/// </summary>
internal static class RemoteStorage
{
    public const string OptionName = "--use-remote-storage";

    public static Option<bool> Option() => new(OptionName)
    {
        Description = "Use a storage account that is not on this machine: its notifications are projected by this build.",
    };

    /// <exception cref="UserErrorException">A storage account is not on this machine.</exception>
    public static void Refuse(AppSettings settings)
    {
        Refuse(settings.Storage, StorageSettings.Name, "project its notifications with this build", "use the emulator");
        if (settings.Fallback is { } fallback)
        {
            Refuse(fallback, StorageSettings.FallbackName, "move its notifications out of there", "have none");
        }
    }

    private static void Refuse(StorageSettings storage, string setting, string danger, string otherwise)
    {
        if (storage.RemoteService is { } service)
        {
            throw new UserErrorException(
                $"{setting} is the storage account {NameOf(service)} ({service.Authority}), not one on this machine: dev would {danger}. "
                + $"To look at it: `dashboard --storage {NameOf(service)}`. To {otherwise}: unset {setting}. To do it anyway: "
                + $"{OptionName}.");
        }
    }

    /// <summary>The first label of the host; with an address or a local name, the first segment of the path.</summary>
    private static string NameOf(Uri service) =>
        service.HostNameType == UriHostNameType.Dns && service.AbsolutePath == "/"
            ? service.Host.Split('.')[0]
            : service.AbsolutePath.Trim('/').Split('/')[0] is { Length: > 0 } name ? name : service.Host;
}
