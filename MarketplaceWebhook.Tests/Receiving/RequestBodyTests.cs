using MarketplaceWebhook.Receiving;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Tests.Receiving;

public sealed class RequestBodyTests
{
    private const int KiB = 1024;

    [Theory]
    [InlineData(null, 5 * KiB)]
    [InlineData(10L, 11)]
    [InlineData(1024L * 1024, (64 * KiB) + 1)]
    [InlineData(5_000_000_000, (64 * KiB) + 1)]
    public async Task Buffer_before_the_first_byte_is_at_most_64_KiB_whatever_the_content_length(long? contentLength, int longest)
    {
        using var body = new RecordingStream([]);

        await RequestBody.ReadAsync(Request(body, contentLength));

        Assert.InRange(Assert.Single(body.BufferLengths), 1, longest);
    }

    [Theory]
    [InlineData((64 * KiB) - 1)]
    [InlineData(64 * KiB)]
    [InlineData((64 * KiB) + 1)]
    [InlineData(RequestBody.MaxBytes - 1)]
    [InlineData(RequestBody.MaxBytes)]
    public async Task Body_longer_than_the_first_buffer_is_read_completely(int length)
    {
        var bytes = Enumerable.Range(0, length).Select(n => (byte)n).ToArray();
        using var stream = new RecordingStream(bytes);

        var body = await RequestBody.ReadAsync(Request(stream, length));

        Assert.Equal(bytes, body.Bytes.ToArray());
        Assert.Equal((length, true, false), (body.Length, body.AtEnd, body.IsTooLarge));
    }

    private static HttpRequest Request(Stream body, long? contentLength)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = body;
        request.ContentLength = contentLength;
        return request;
    }

    /// <summary>Records the length of each buffer that it is asked to fill.</summary>
    private sealed class RecordingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public List<int> BufferLengths { get; } = [];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            BufferLengths.Add(buffer.Length);
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
