extern alias CustomHandler;

using System.Text.Json;
using CustomHandler::MarketplaceWebhook.CustomHandler;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.CustomHandler;

public sealed class QueueInvocationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Invocations => Bodies.In("invocations");

    /// <summary>The bodies are captured from the Functions host, with the variants of other host versions.</summary>
    [Theory]
    [MemberData(nameof(Invocations))]
    public async Task Invocation_gives_the_message_text_and_its_insertion_time(string body)
    {
        using var stream = new MemoryStream(Bodies.Read("invocations", body));

        var invocation = await QueueInvocation.ReadAsync(stream, Cancellation);

        Golden.AssertIs(Bodies.ExpectationOf("invocations", body), JsonSerializer.SerializeToNode(invocation, Golden.Json)!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Data":"text"}""")]
    [InlineData("""{"Data":{"item":"text"}}""")]
    public async Task Invocation_without_the_binding_throws(string body)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body));

        await Assert.ThrowsAnyAsync<JsonException>(() => QueueInvocation.ReadAsync(stream, Cancellation));
    }
}
