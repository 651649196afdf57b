using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

internal sealed class MemoryResponse(int status, ETag? etag = null, string? errorCode = null) : Response
{
    private readonly Dictionary<string, string> _headers = Headers(etag, errorCode);

    public override int Status => status;

    public override string ReasonPhrase => errorCode ?? "";

    public override Stream? ContentStream { get; set; }

    public override string ClientRequestId { get; set; } = "";

    public override bool IsError => status >= 400;

    public override void Dispose()
    {
    }

    protected override bool ContainsHeader(string name) => _headers.ContainsKey(name);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() =>
        _headers.Select(header => new HttpHeader(header.Key, header.Value));

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) =>
        _headers.TryGetValue(name, out value);

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = _headers.TryGetValue(name, out var value) ? [value] : null;
        return values is not null;
    }

    private static new Dictionary<string, string> Headers(ETag? etag, string? errorCode)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (etag is { } tag)
        {
            headers["ETag"] = tag.ToString();
        }

        if (errorCode is not null)
        {
            headers["x-ms-error-code"] = errorCode;
        }

        return headers;
    }
}

internal sealed class NoEntity<T>(Response response) : NullableResponse<T>
{
    public override bool HasValue => false;

    public override T Value => throw new InvalidOperationException("The response has no value.");

    public override Response GetRawResponse() => response;
}
