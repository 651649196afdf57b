using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.EndToEndTests.Support;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.App;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class QueueFunctionTests : IAsyncLifetime
{
    private const string Captured = """{"orderId":17,"nested":{"a":1},"name":"ü"}""";

    private readonly string _storage;
    private readonly QueueClient _queue;
    private readonly QueueClient _poison;
    private readonly FakeApp _app = new FakeApp().WithQueue("Orders", "orders");

    public QueueFunctionTests(AzuriteFixture azurite)
    {
        _storage = azurite.NewAccount();
        _queue = new QueueClient(_storage, "orders");
        _poison = new QueueClient(_storage, "orders-poison");
    }

    public async ValueTask InitializeAsync() => await _queue.CreateAsync(cancellationToken: Cancellation);

    public ValueTask DisposeAsync()
    {
        _app.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Invocation_body_equals_the_captured_one()
    {
        var sent = (await SendAsync(Captured)).Value;
        await using var host = await _app.StartAsync(_storage);

        var body = (await _app.RequestsAsync(1))[0].Body;
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
    public async Task Polled_queue_that_does_not_exist_is_a_warning_of_the_host_for_every_poll_if_Azure_Core_has_a_level()
    {
        using var app = new FakeApp().WithQueue("Missing", "missing").With(settings => settings["logging"] =
            new JsonObject { ["logLevel"] = new JsonObject { ["Azure.Core"] = "Warning" } });
        await using var host = await app.StartAsync(_storage);

        var lines = await app.Events.AtLeastAsync<HostWrote>(2);

        Assert.Equal(
            "warn: Azure.Core: Error response 404 QueueNotFound: the queue missing does not exist.", lines[0].Line);
    }

    [Fact]
    public async Task Invocation_is_a_chunked_POST_to_the_function_name_with_an_invocation_id()
    {
        await SendAsync(Captured);
        await using var host = await _app.StartAsync(_storage);

        var seen = (await _app.RequestsAsync(1))[0];
        Assert.Equal(("POST", "/Orders"), (seen.Method, seen.Url));
        Assert.Equal("application/json; charset=utf-8", seen.Header("Content-Type"));
        Assert.Equal("chunked", seen.Header("Transfer-Encoding"));
        Assert.True(Guid.TryParse(seen.Header("X-Azure-Functions-InvocationId"), out _));
    }

    [Fact]
    public async Task Plain_text_is_encoded_twice()
    {
        await SendAsync("just plain text");
        await using var host = await _app.StartAsync(_storage);

        var body = JsonNode.Parse((await _app.RequestsAsync(1))[0].Body)!;
        Assert.Equal("\"just plain text\"", (string?)body["Data"]!["item"]);
        Assert.Equal(
            ["DequeueCount", "ExpirationTime", "Id", "InsertionTime", "NextVisibleTime", "PopReceipt", "sys"],
            body["Metadata"]!.AsObject().Select(property => property.Key));
    }

    [Fact]
    public async Task Top_level_names_of_a_JSON_message_replace_the_hosts_own_in_any_case()
    {
        await SendAsync("""{"id":"mine","dequeuecount":9,"SYS":{},"gone":null,"list":[1]}""");
        await using var host = await _app.StartAsync(_storage);

        var metadata = JsonNode.Parse((await _app.RequestsAsync(1))[0].Body)!["Metadata"]!;
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
        await using var host = await _app.StartAsync(_storage);

        var metadata = JsonNode.Parse((await _app.RequestsAsync(1))[0].Body)!["Metadata"]!;
        var visible = DateTimeOffset.Parse((string)metadata["NextVisibleTime"]!, CultureInfo.InvariantCulture);
        var now = DateTimeOffset.Parse((string)metadata["sys"]!["UtcNow"]!, CultureInfo.InvariantCulture);
        Assert.Equal(10, (visible - now).TotalMinutes, tolerance: 0.2);
    }

    [Fact]
    public async Task Text_is_passed_unchanged_with_messageEncoding_none()
    {
        _app.With(host => host["extensions"]!["queues"]!["messageEncoding"] = "none");
        await _queue.SendMessageAsync("as it is", Cancellation);
        await using var host = await _app.StartAsync(_storage);

        Assert.Equal("\"as it is\"", (string?)JsonNode.Parse((await _app.RequestsAsync(1))[0].Body)!["Data"]!["item"]);
    }

    [Fact]
    public async Task Message_that_is_not_Base64_moves_to_the_poison_queue_without_a_call()
    {
        await _queue.SendMessageAsync("not Base64!", Cancellation);
        await using var host = await _app.StartAsync(_storage);

        await _app.Events.FirstAsync<MessagePoisoned>();
        Assert.Equal("not Base64!", (await _poison.PeekMessageAsync(Cancellation)).Value.Body.ToString());
        Assert.Empty(_app.Requests);
        await QueueIsEmptyAsync();
    }

    [Theory]
    [InlineData(200, "{}", "application/json")]
    [InlineData(202, "{}", "application/json; charset=utf-8")]
    [InlineData(200, """{"Outputs":{},"Logs":[],"ReturnValue":null}""", "application/json")]
    public async Task Response_200_or_202_with_a_JSON_object_deletes_the_message(int status, string body, string contentType)
    {
        _app.Respond(status, body, contentType);
        await SendAsync("a message");
        await using var host = await _app.StartAsync(_storage);

        Assert.Equal(QueueOutcome.Completed, (await _app.Events.FirstAsync<QueueInvocation>()).Outcome);
        await QueueIsEmptyAsync();
    }

    [Theory]
    [InlineData(204, "", null)]
    [InlineData(200, "", "application/json")]
    [InlineData(200, "", "text/plain")]
    [InlineData(200, "null", "application/json")]
    public async Task Response_without_content_never_completes_until_the_function_timeout_restarts_the_handler(
        int status, string body, string? contentType)
    {
        _app.Respond(status, body, contentType);
        await SendAsync("a message");
        await using var host = await _app.StartAsync(_storage, WithSetting("functionTimeout", "00:00:01"));
        var first = host.WorkerProcessId!.Value;

        var seen = await _app.Events.FirstAsync<QueueInvocation>();
        await _app.Events.AtLeastAsync<WorkerReady>(2);

        Assert.Equal(QueueOutcome.TimedOut, seen.Outcome);
        Assert.InRange(seen.Duration, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(20));
        Assert.Equal(first, (await _app.Events.FirstAsync<WorkerRestarted>()).ProcessId);
        Assert.False(Processes.IsRunning(first));
        Assert.Empty(_app.Events.All<WorkerExited>());
    }

    [Theory]
    [InlineData(200, "[]", "application/json")]
    [InlineData(200, "\"x\"", "application/json")]
    [InlineData(200, "not JSON", "application/json")]
    [InlineData(200, "{}", "text/plain")]
    [InlineData(200, "{}", null)]
    [InlineData(302, "{}", "application/json")]
    [InlineData(400, "{}", "application/json")]
    [InlineData(500, "{}", "application/json")]
    public async Task Any_other_response_returns_the_message_to_the_queue(int status, string body, string? contentType)
    {
        _app.Respond(status, body, contentType);
        await ComesBackAsync();
    }

    [Fact]
    public async Task Dropped_connection_returns_the_message_to_the_queue()
    {
        _app.Respond(new JsonObject { ["drop"] = true });
        await ComesBackAsync();
    }

    [Fact]
    public async Task Failed_message_becomes_visible_after_the_visibility_timeout_of_host_json_or_a_setting()
    {
        _app.With(host => host["extensions"]!["queues"]!["visibilityTimeout"] = "01:00:00").Respond(500, "");
        await SendAsync("a message");
        await using var host = await _app.StartAsync(_storage, WithSetting("extensions__queues__visibilityTimeout", "00:00:02"));

        await _app.RequestsAsync(1);
        var since = Stopwatch.GetTimestamp();
        await _app.RequestsAsync(2);

        // Storage counts in whole seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task Message_moves_to_the_poison_queue_with_the_same_text_and_seven_days_after_maxDequeueCount_failures()
    {
        _app.Respond(500, "");
        await SendAsync(Captured);
        await using var host = await _app.StartAsync(_storage);

        await _app.Events.FirstAsync<MessagePoisoned>();

        Assert.Equal([1L, 2, 3, 4, 5], _app.Events.All<QueueInvocation>().Select(seen => seen.DequeueCount));
        var copy = (await _poison.ReceiveMessageAsync(cancellationToken: Cancellation)).Value;
        Assert.Equal(Base64(Captured), copy.Body.ToString());
        Assert.Equal(TimeSpan.FromDays(7), copy.ExpiresOn - copy.InsertedOn);
        await QueueIsEmptyAsync();
    }

    [Fact]
    public async Task Message_delivered_too_often_moves_to_the_poison_queue_without_a_call()
    {
        await SendAsync("a message");
        await _queue.ReceiveMessageAsync(TimeSpan.FromSeconds(1), Cancellation);
        await using var host = await _app.StartAsync(_storage, WithSetting("extensions__queues__maxDequeueCount", "1"));

        await _app.Events.FirstAsync<MessagePoisoned>();

        Assert.Empty(_app.Requests);
    }

    [Fact]
    public async Task Poison_queue_has_no_poison_queue_of_its_own()
    {
        _app.WithQueue("Orders", "orders-poison").Respond(500, "");
        await _poison.CreateAsync(cancellationToken: Cancellation);
        await _poison.SendMessageAsync(Base64("dead"), Cancellation);
        var twice = WithSetting("extensions__queues__maxDequeueCount", "2");
        var shortLease = TimeSpan.FromSeconds(1); // 10 minutes outside of tests
        await using var host = await _app.StartAsync(_storage, options => twice(options) with { MessageLease = shortLease });

        await _app.Events.FirstAsync<MessageAbandoned>();
        await Wait.ForAsync(
            "the third delivery",
            async () => (await _poison.PeekMessageAsync(Cancellation)).Value,
            seen => seen is { DequeueCount: > 2 },
            Cancellation);

        Assert.Equal([1L, 2], _app.Events.All<QueueInvocation>().Select(seen => seen.DequeueCount));
        Assert.False(await new QueueClient(_storage, "orders-poison-poison").ExistsAsync(Cancellation));
    }

    [Fact]
    public async Task Failed_message_of_a_poison_queue_stays_invisible_for_ten_minutes()
    {
        _app.WithQueue("Orders", "orders-poison").Respond(500, "");
        await _poison.CreateAsync(cancellationToken: Cancellation);
        await _poison.SendMessageAsync(Base64("dead"), Cancellation);
        await using (var host = await _app.StartAsync(_storage))
        {
            await _app.Events.FirstAsync<QueueInvocation>();
        }

        Assert.Null((await _poison.PeekMessageAsync(Cancellation)).Value);
        Assert.Equal(1, (await _poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task At_most_a_batch_plus_newBatchThreshold_messages_run_at_once()
    {
        _app.With(host => host["extensions"]!["queues"]!["batchSize"] = 4);
        _app.With(host => host["extensions"]!["queues"]!["newBatchThreshold"] = 2).Hold();
        for (var count = 0; count < 12; count++)
        {
            await SendAsync($"message {count}");
        }

        await using var host = await _app.StartAsync(_storage);

        await _app.RequestsAsync(4);
        _app.Release();
        var seen = await _app.RequestsAsync(12);

        Assert.InRange(seen.Max(request => request.UnderWay), 4, 6);
    }

    [Fact]
    public void Default_newBatchThreshold_is_half_a_batch_per_processor()
    {
        var settings = QueueSettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new("batchSize", "10")]).Build());

        Assert.Equal(5 * Environment.ProcessorCount, settings.NewBatchThreshold);
    }

    [Fact]
    public async Task Message_of_a_poison_queue_that_is_not_Base64_stays_and_becomes_visible_again()
    {
        _app.WithQueue("Orders", "orders-poison");
        await _poison.CreateAsync(cancellationToken: Cancellation);
        await _poison.SendMessageAsync("not Base64!", Cancellation);
        var shortLease = TimeSpan.FromSeconds(1); // 10 minutes outside of tests
        await using var host = await _app.StartAsync(_storage, options => options with { MessageLease = shortLease });

        await Wait.ForAsync(
            "the second delivery",
            async () => (await _poison.PeekMessageAsync(Cancellation)).Value,
            seen => seen is { DequeueCount: > 1 },
            Cancellation);

        Assert.Empty(_app.Requests);
        Assert.Empty(_app.Events.All<QueueInvocation>());
    }

    [Fact]
    public async Task Connection_of_function_json_is_used()
    {
        _app.WithQueue("Orders", "orders", connection: "Elsewhere");
        await SendAsync("a message");
        await using var host = await _app.StartAsync("UseDevelopmentStorage=true", options => options with
        {
            Environment = new Dictionary<string, string?> { ["Elsewhere"] = _storage },
        });

        Assert.Equal(QueueOutcome.Completed, (await _app.Events.FirstAsync<QueueInvocation>()).Outcome);
    }

    [Fact]
    public async Task Queue_that_is_created_later_is_read()
    {
        await _queue.DeleteAsync(Cancellation);
        await using var host = await _app.StartAsync(_storage);
        await _queue.CreateAsync(cancellationToken: Cancellation);

        await SendAsync("a message");

        Assert.Equal(QueueOutcome.Completed, (await _app.Events.FirstAsync<QueueInvocation>()).Outcome);
    }

    private static Func<LocalFunctionsHostOptions, LocalFunctionsHostOptions> WithSetting(string name, string value) =>
        options => options with
        {
            Environment = new Dictionary<string, string?> { [$"AzureFunctionsJobHost__{name}"] = value },
        };

    private static string Iso(DateTimeOffset time) =>
        time.ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private Task<Azure.Response<Azure.Storage.Queues.Models.SendReceipt>> SendAsync(string text) =>
        _queue.SendMessageAsync(Base64(text), Cancellation);

    private async Task ComesBackAsync()
    {
        await SendAsync(Captured);
        await using var host = await _app.StartAsync(_storage);

        var seen = await _app.Events.AtLeastAsync<QueueInvocation>(2);

        Assert.All(seen.Take(2), one => Assert.Equal((QueueOutcome.Failed, Captured), (one.Outcome, one.Text)));
        Assert.Equal([1L, 2], seen.Take(2).Select(one => one.DequeueCount));
    }

    private Task QueueIsEmptyAsync() => Wait.ForAsync(
        "an empty queue",
        async () => (await _queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount,
        count => count == 0,
        Cancellation);
}
