using System.Text.Json;
using MarketplaceWebhook.Runtimes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Runtimes.Custom;

public sealed class QueueInvocationTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Invocations => Bodies.In("invocations");

    /// <summary>The bodies are as the Functions host was seen to send them, and as its other versions do.</summary>
    [Theory]
    [MemberData(nameof(Invocations))]
    public async Task Gives_the_text_of_the_message_and_its_time(string body)
    {
        using var stream = new MemoryStream(Bodies.Read("invocations", body));

        var invocation = await QueueInvocation.ReadAsync(stream, Cancelled);

        Golden.AssertIs(Bodies.ExpectationOf("invocations", body), JsonSerializer.SerializeToNode(invocation, Golden.Json)!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Data":"text"}""")]
    [InlineData("""{"Data":{"item":"text"}}""")]
    public async Task Is_none_without_the_binding_s_data(string body)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body));

        await Assert.ThrowsAnyAsync<JsonException>(() => QueueInvocation.ReadAsync(stream, Cancelled));
    }
}
