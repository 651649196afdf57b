using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.Cli.LocalHost.App;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Cli.LocalHost.Http;

/// <summary>The host's check of the caller's key; this host has one key for every level.</summary>
internal sealed class KeyCheck(string key)
{
    private readonly byte[] expected = Hash(key);

    /// <summary>A header wins over the query, as in the host.</summary>
    public bool Allows(AuthLevel level, HttpRequest request)
    {
        if (level == AuthLevel.Anonymous)
            return true;

        var given = request.Headers.TryGetValue("x-functions-key", out var header)
            ? header[0]
            : request.Query["code"].FirstOrDefault();
        return given is not null && CryptographicOperations.FixedTimeEquals(Hash(given), expected);
    }

    // Of one length, so that comparing takes the same time whatever was given.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
