using System.Security.Cryptography;
using System.Text;

namespace MarketplaceWebhook.Storage;

/// <summary>The keys of Reconciliations.</summary>
public static class ReconciliationKeys
{
    /// <summary>The partition whose only row describes the last run.</summary>
    public const string RunPartition = "run";

    public const string LastRun = "last";

    private const string UnknownPrefix = "api-";

    /// <summary>The partition of an account in Reconciliations that Installs does not have. An API id can be any text.</summary>
    public static string UnknownAccount(string apiId) => $"{UnknownPrefix}{Hash(apiId)}";

    public static bool IsUnknownAccount(string partition) =>
        partition.Length == UnknownPrefix.Length + (2 * SHA256.HashSizeInBytes)
        && partition.StartsWith(UnknownPrefix, StringComparison.Ordinal)
        && partition.Skip(UnknownPrefix.Length).All(char.IsAsciiHexDigitLower);

    /// <summary>The kinds of an account's differences are together, and in them those of a package.</summary>
    public static string Difference(ReconciliationDifference difference) => difference switch
    {
        { PackageId: { } package, CycleId: { } cycle } => $"{difference.Kind}_{TableKeys.Cycle(package, cycle)}",
        { TemplateId: { } template } => $"{difference.Kind}_{(Guid.TryParse(template, out var id) ? id.ToString() : Hash(template))}",
        _ => difference.Kind,
    };

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
