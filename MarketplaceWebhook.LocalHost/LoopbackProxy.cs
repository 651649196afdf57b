namespace MarketplaceWebhook.LocalHost;

/// <summary>
/// Calls to this machine never go through a proxy. With HTTP_PROXY alone .NET sends them there as well, the gRPC call of an
/// isolated worker included: https://learn.microsoft.com/dotnet/api/system.net.http.httpclient.defaultproxy
/// </summary>
public static class LoopbackProxy
{
    private static readonly string[] Hosts = ["127.0.0.1", "localhost", "::1", "[::1]"];

    /// <summary>For this process, before its first HTTP call, and the processes that it starts.</summary>
    public static void Bypass()
    {
        foreach (var (name, value) in Variables(Environment.GetEnvironmentVariable))
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    /// <summary>For a process that is started.</summary>
    internal static void Bypass(IDictionary<string, string?> environment)
    {
        foreach (var (name, value) in Variables(name => environment.TryGetValue(name, out var value) ? value : null).ToList())
        {
            environment[name] = value;
        }
    }

    /// <summary>The variable in lower case has precedence, and programs differ in which one they read.</summary>
    private static IEnumerable<(string Name, string Value)> Variables(Func<string, string?> read)
    {
        var hosts = (read("no_proxy") ?? read("NO_PROXY") ?? "").Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var value = string.Join(',', hosts.Union(Hosts));
        return ((string[])["no_proxy", "NO_PROXY"]).Select(name => (name, value));
    }
}
