using System.Security.Cryptography;
using System.Text;
using MarketplaceWebhook.LocalHost.App;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.LocalHost.Http;

/// <summary>Checks the caller's key. This host has one key for every level.</summary>
internal sealed class KeyCheck(string key)
{
    private readonly byte[] _expected = Hash(key);

    /// <summary>The header takes precedence over the query, as in the Functions host.</summary>
    public bool Allows(AuthLevel level, HttpRequest request)
    {
        if (level == AuthLevel.Anonymous)
        {
            return true;
        }

        var given = request.Headers.TryGetValue("x-functions-key", out var header)
            ? header[0]
            : request.Query["code"].FirstOrDefault();
        return given is not null && CryptographicOperations.FixedTimeEquals(Hash(given), _expected);
    }

    // Equal lengths: the comparison takes the same time for every key.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
