using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.CustomHandler;

/// <summary>The functions as the Functions host calls them: it deletes a message only after a JSON object.</summary>
public sealed class EndpointTests(HandlerProcess handler) : IClassFixture<HandlerProcess>
{
    public static TheoryData<string> Invocations => Bodies.In("invocations");

    public static MatrixTheoryData<string, string> NoInvocations => new(
        ["ProjectNotification", "RecordDeadLetter", "MoveFallback", "RetryFallback"],
        ["no json", "", "[]", "{}", """{"Data":"text"}""", """{"Data":{"item":"text"}}"""]);

    [Theory]
    [InlineData("curl/7.88.1 Azure-Functions-Host/4.1037.0.0", "curl/7.88.1")]
    [InlineData("Mozilla/5.0 (X11; Linux) Azure-Functions-Host/4.1037.0.0", "Mozilla/5.0 (X11; Linux)")]
    [InlineData("Azure-Functions-Host/4.1037.0.0", null)]
    [InlineData("curl/7.88.1", "curl/7.88.1")]
    public async Task User_agent_of_a_notification_is_the_callers_without_the_hosts(string header, string? expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/cyclr/marketplace")
        {
            Content = new ByteArrayContent(Bodies.Read("documented", "started")),
            Headers = { { "User-Agent", header } },
        };

        using var response = await handler.Caller.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var message = (await handler.Storage.Queue.ReceiveMessageAsync(cancellationToken: Cancellation)).Value;
        await handler.Storage.Queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        Assert.Equal(expected, Envelope.Read(message.MessageText).UserAgent);
    }

    [Fact]
    public async Task ProjectNotification_responds_with_an_object_when_the_message_is_projected()
    {
        await AssertCompletedAsync(await InvokeAsync("ProjectNotification", Message.Of(1, Message.Body("started"))));

        Assert.Single(await Rows.ListAsync(handler.Storage.Installs, Cancellation));
    }

    [Fact]
    public async Task ProjectNotification_responds_with_500_when_the_message_must_be_retried()
    {
        using var response = await InvokeAsync("ProjectNotification", "just plain text");

        Assert.Equal(
            (HttpStatusCode.InternalServerError, ""),
            (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation)));
        await AssertLoggedOnceAsync("Projection of (unreadable) failed: UnreadableEnvelopeException: it is not JSON");
    }

    /// <summary>The bodies are captured from the Functions host, with the variants of other host versions.</summary>
    [Theory]
    [MemberData(nameof(Invocations))]
    public async Task RecordDeadLetter_records_the_message_text_with_its_insertion_time(string body)
    {
        var expected = JsonNode.Parse(await File.ReadAllTextAsync(Bodies.ExpectationOf("invocations", body), Cancellation))!;

        await AssertCompletedAsync(await handler.Caller.PostAsync(
            "/RecordDeadLetter", new ByteArrayContent(Bodies.Read("invocations", body)), Cancellation));

        var row = Assert.Single(await Rows.ListAsync(handler.Storage.DeadLetters, Cancellation));
        await handler.Storage.DeadLetters.DeleteEntityAsync(row, cancellationToken: Cancellation);
        Assert.Equal(
            ((string)expected["messageText"]!, (DateTimeOffset)expected["insertedAt"]!),
            (row.GetString(Columns.Body), row.GetDateTimeOffset(Columns.ReceivedAt)!.Value));
    }

    [Theory]
    [MemberData(nameof(NoInvocations))]
    public async Task Body_that_is_not_an_invocation_gets_500(string function, string body)
    {
        var before = Lines().Count();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));

        using var response = await handler.Caller.PostAsync($"/{function}", content, Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        await Wait.ForAsync("the log line", () => Lines().Skip(before).Any(), Cancellation);
        Assert.Matches("Json(Reader)?Exception$", Assert.Single(Lines().Skip(before)));

        IEnumerable<string> Lines() => handler.Errors.Where(
            line => line.Contains($"Function {function} could not read its invocation: ", StringComparison.Ordinal));
    }

    private Task<HttpResponseMessage> InvokeAsync(string function, string message) => handler.Caller.PostAsync(
        $"/{function}",
        JsonContent.Create(new
        {
            Data = new { message = JsonSerializer.Serialize(message) },
            Metadata = new { DequeueCount = "1" },
        }, options: new JsonSerializerOptions()),
        Cancellation);

    private async Task AssertLoggedOnceAsync(string text)
    {
        await Wait.ForAsync("the log line", () => Lines().Any(), Cancellation);
        Assert.Single(Lines());

        IEnumerable<string> Lines() => handler.Errors.Where(line => line.EndsWith(text, StringComparison.Ordinal));
    }

    private static async Task AssertCompletedAsync(HttpResponseMessage response)
    {
        Assert.Equal(
            (HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("{}", await response.Content.ReadAsStringAsync(Cancellation));
        response.Dispose();
    }
}
