namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>A storage account of the emulator.</summary>
/// <param name="Name">3 to 24 lower-case letters and digits.</param>
/// <param name="Key">Base64.</param>
public sealed record AzuriteAccount(string Name, string Key)
{
    /// <summary>
    /// Azurite's default account; its key is public:
    /// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite#well-known-storage-account-and-key
    /// </summary>
    public static AzuriteAccount WellKnown { get; } = new(
        "devstoreaccount1",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
}
