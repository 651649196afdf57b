using System.Globalization;
using System.Text.Json.Nodes;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>What the body of a queue message's invocation is, as captured from the real host.</summary>
public sealed class QueueInvocationTests(AzuriteFixture azurite)
    : AppWithQueue<FakeApp>(new FakeApp().WithQueue("Orders", "orders"), azurite)
{
    private const string Captured = """{"orderId":17,"nested":{"a":1},"name":"ü"}""";

    [Fact]
    public async Task Invocation_body_equals_the_captured_one()
    {
        var sent = await SendAsync(Captured);
        await using var host = await App.StartAsync(Storage);

        var body = (await App.RequestsAsync(1))[0].Body;
        var metadata = JsonNode.Parse(body)!["Metadata"]!;
        var sys = metadata["sys"]!;
        Assert.Equal(
            """{"Data":{"item":"\"{\\\"orderId\\\":17,\\\"nested\\\":{\\\"a\\\":1},\\\"name\\\":\\\"ü\\\"}\""},""" +
            $$"""
            "Metadata":{"DequeueCount":"1","ExpirationTime":"{{Iso(sent.InsertionTime.AddDays(7))}}","Id":"\"{{sent.MessageId}}\"",
            """ +
            $$"""
            "InsertionTime":"{{Iso(sent.InsertionTime)}}","NextVisibleTime":"{{metadata["NextVisibleTime"]}}","PopReceipt":"\"{{((string)metadata["PopReceipt"]!).Trim('"')}}\"",
            """ +
            $$"""
            "sys":{"MethodName":"item","UtcNow":"{{sys["UtcNow"]}}","RandGuid":"{{sys["RandGuid"]}}"},
            """ +
            """
            "orderId":"\"17\"","nested":{"a":1},"name":"\"ü\""}}
            """,
            body);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$", (string)sys["UtcNow"]!);
        Assert.True(Guid.TryParse((string)sys["RandGuid"]!, out _));
    }

    [Fact]
    public async Task Invocation_is_a_chunked_POST_to_the_function_name_with_an_invocation_id()
    {
        await SendAsync(Captured);
        await using var host = await App.StartAsync(Storage);

        var seen = (await App.RequestsAsync(1))[0];
        Assert.Equal(("POST", "/Orders"), (seen.Method, seen.Url));
        Assert.Equal("application/json; charset=utf-8", seen.Header("Content-Type"));
        Assert.Equal("chunked", seen.Header("Transfer-Encoding"));
        Assert.True(Guid.TryParse(seen.Header("X-Azure-Functions-InvocationId"), out _));
    }

    [Fact]
    public async Task Plain_text_is_encoded_twice()
    {
        await SendAsync("just plain text");
        await using var host = await App.StartAsync(Storage);

        var body = JsonNode.Parse((await App.RequestsAsync(1))[0].Body)!;
        Assert.Equal("\"just plain text\"", (string?)body["Data"]!["item"]);
        Assert.Equal(
            ["DequeueCount", "ExpirationTime", "Id", "InsertionTime", "NextVisibleTime", "PopReceipt", "sys"],
            body["Metadata"]!.AsObject().Select(property => property.Key));
    }

    [Fact]
    public async Task Top_level_names_of_a_JSON_message_replace_the_hosts_own_in_any_case()
    {
        await SendAsync("""{"id":"mine","dequeuecount":9,"SYS":{},"gone":null,"list":[1]}""");
        await using var host = await App.StartAsync(Storage);

        var metadata = JsonNode.Parse((await App.RequestsAsync(1))[0].Body)!["Metadata"]!;
        Assert.Equal("\"mine\"", (string?)metadata["Id"]);
        Assert.Equal("\"9\"", (string?)metadata["DequeueCount"]);
        Assert.Empty(metadata["sys"]!.AsObject());
        Assert.Null(metadata["gone"]);
        Assert.Null(metadata["list"]);
    }

    [Fact]
    public async Task Message_is_invisible_for_ten_minutes_during_its_invocation()
    {
        await SendAsync(Captured);
        await using var host = await App.StartAsync(Storage);

        var metadata = JsonNode.Parse((await App.RequestsAsync(1))[0].Body)!["Metadata"]!;
        var visible = DateTimeOffset.Parse((string)metadata["NextVisibleTime"]!, CultureInfo.InvariantCulture);
        var now = DateTimeOffset.Parse((string)metadata["sys"]!["UtcNow"]!, CultureInfo.InvariantCulture);
        Assert.Equal(10, (visible - now).TotalMinutes, tolerance: 0.2);
    }

    [Fact]
    public async Task Text_is_passed_unchanged_with_messageEncoding_none()
    {
        App.With(host => host["extensions"]!["queues"]!["messageEncoding"] = "none");
        await Queue.SendMessageAsync("as it is", Cancellation);
        await using var host = await App.StartAsync(Storage);

        Assert.Equal("\"as it is\"", (string?)JsonNode.Parse((await App.RequestsAsync(1))[0].Body)!["Data"]!["item"]);
    }

    private static string Iso(DateTimeOffset time) =>
        time.ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture);
}
