using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MarketplaceWebhook.Tests.Receiving;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Runtimes.Custom;

public sealed class FunctionsTests(AzuriteFixture azurite)
{
    private readonly string storage = azurite.NewAccount();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ProjectNotification_answers_an_object_when_the_message_is_done()
    {
        await using var app = new TestApp(storage);
        using var host = await AcceptingTests.CallerAsync(app);

        await AssertDoneAsync(await InvokeAsync(host, "ProjectNotification", Message.Of(1, Message.Body("started"))));

        Assert.Single(await Rows.ListAsync(app.Storage.Installs, Cancelled));
    }

    [Fact]
    public async Task ProjectNotification_answers_500_when_the_message_is_to_come_again()
    {
        await using var app = new TestApp(storage);
        using var host = await AcceptingTests.CallerAsync(app);

        using var answer = await InvokeAsync(host, "ProjectNotification", "just plain text");

        Assert.Equal((HttpStatusCode.InternalServerError, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled)));
    }

    [Fact]
    public async Task RecordDeadLetter_answers_an_object_when_the_row_stands()
    {
        await using var app = new TestApp(storage);
        using var host = await AcceptingTests.CallerAsync(app);

        await AssertDoneAsync(await InvokeAsync(host, "RecordDeadLetter", "just plain text"));

        Assert.Single(await Rows.ListAsync(app.Storage.DeadLetters, Cancelled));
    }

    [Theory]
    [InlineData("ProjectNotification")]
    [InlineData("RecordDeadLetter")]
    public async Task A_body_that_is_no_invocation_is_answered_by_500(string function)
    {
        await using var app = new TestApp(storage);
        using var host = await AcceptingTests.CallerAsync(app);

        using var answer = await host.PostAsync($"/{function}", new StringContent("no json"), Cancelled);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    private static Task<HttpResponseMessage> InvokeAsync(HttpClient host, string function, string message) => host.PostAsync(
        $"/{function}",
        JsonContent.Create(new
        {
            Data = new { message = JsonSerializer.Serialize(message) },
            Metadata = new { DequeueCount = "1" },
        }, options: new JsonSerializerOptions()),
        Cancelled);

    private static async Task AssertDoneAsync(HttpResponseMessage answer)
    {
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("{}", await answer.Content.ReadAsStringAsync(Cancelled));
        answer.Dispose();
    }
}
