using System.Text;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Messages as the HTTP endpoint sends them to the queue, of <see cref="Ids"/>.</summary>
internal static class Message
{
    public static string Of(int second, ReadOnlySpan<byte> body) =>
        Encoding.UTF8.GetString(Envelope.Write(Ids.At(second), "shop", traceParent: null, body).Span);

    public static string Of(int second, string body) => Of(second, Encoding.UTF8.GetBytes(body));

    /// <summary>Of package 1234 in account 11111111-2222-3333-4444-555555555555.</summary>
    /// <param name="fields">More fields, with a comma before each.</param>
    public static string Body(string status, string fields = "") =>
        $$"""{"Status":"{{status}}","AccountId":"11111111-2222-3333-4444-555555555555","MarketplaceIntegrationPackageId":1234{{fields}}}""";
}
