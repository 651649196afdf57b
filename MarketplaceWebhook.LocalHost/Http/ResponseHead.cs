using System.Text;

namespace MarketplaceWebhook.LocalHost.Http;

/// <summary>Passes a response body through, and keeps its first 4 KiB for the event that reports the call.</summary>
internal sealed class ResponseHead(Stream response) : Stream
{
    private readonly byte[] _head = new byte[4096];
    private int _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override string ToString() => Encoding.UTF8.GetString(_head, 0, _length);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Keep(buffer.Span);
        return response.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        Keep(buffer.AsSpan(offset, count));
        response.Write(buffer, offset, count);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => response.FlushAsync(cancellationToken);

    public override void Flush() => response.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Keep(ReadOnlySpan<byte> written)
    {
        var kept = written[..Math.Min(written.Length, _head.Length - _length)];
        kept.CopyTo(_head.AsSpan(_length));
        _length += kept.Length;
    }
}
