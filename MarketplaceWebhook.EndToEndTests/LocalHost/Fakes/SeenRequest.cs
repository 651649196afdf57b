namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>A request as it came to the handler.</summary>
/// <param name="RawHeaders">Names and values in turn, as sent.</param>
/// <param name="UnderWay">How many the handler had with this one.</param>
internal sealed record SeenRequest(
    string Method, string Url, IReadOnlyList<string> RawHeaders, string Body, int UnderWay, int Pid)
{
    public string? Header(string name)
    {
        for (var index = 0; index < RawHeaders.Count; index += 2)
        {
            if (RawHeaders[index].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return RawHeaders[index + 1];
            }
        }

        return null;
    }
}
