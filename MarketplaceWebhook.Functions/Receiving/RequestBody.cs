using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MarketplaceWebhook.Receiving;

/// <summary>The body of a request, read within a limit.</summary>
/// <param name="Bytes">The complete body, or the first 1 MiB and one byte of a body that is too large.</param>
/// <param name="Length">Bytes: as read, or Content-Length for a body that is too large.</param>
/// <param name="AtEnd">Nothing of the body is left on the connection.</param>
public sealed record RequestBody(ReadOnlyMemory<byte> Bytes, long Length, bool AtEnd)
{
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Read and discarded, so that a caller that writes before it reads gets the response.</summary>
    public const int MaxDrainedBytes = 4 * 1024 * 1024;

    private const int UsualBytes = 4 * 1024;

    /// <summary>Content-Length is only what the caller claims: memory for more is allocated as bytes arrive.</summary>
    private const int MaxFirstBytes = 64 * 1024;

    public bool IsTooLarge => Bytes.Length > MaxBytes;

    /// <summary>
    /// Keeps reading even if the client disconnects: a body received in full is still a valid notification. An incomplete one
    /// throws.
    /// </summary>
    public static async Task<RequestBody> ReadAsync(HttpRequest request)
    {
        // The server's own limit would send its own response, and store nothing.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var expected = request.ContentLength is { } length ? (int)Math.Min(length, MaxFirstBytes) : UsualBytes;
        var bytes = new byte[expected + 1];
        var count = 0;
        int read;
        while ((read = await request.Body.ReadAsync(bytes.AsMemory(count))) > 0)
        {
            count += read;
            if (count > MaxBytes)
            {
                var drained = await DrainAsync(request.Body);
                return new RequestBody(
                    bytes.AsMemory(0, count), request.ContentLength ?? count + drained, AtEnd: drained < MaxDrainedBytes);
            }

            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(bytes.Length * 2L, MaxBytes + 1));
            }
        }

        return new RequestBody(bytes.AsMemory(0, count), count, AtEnd: true);
    }

    private static async Task<long> DrainAsync(Stream body)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            long drained = 0;
            int read;
            while (drained < MaxDrainedBytes && (read = await body.ReadAsync(buffer)) > 0)
            {
                drained += read;
            }

            return drained;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
