using System.Net;
using MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;
using MarketplaceWebhook.LocalHost;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

/// <summary>Requests and responses of a real isolated worker that end early, or stream.</summary>
public sealed class IsolatedStreamTests() : RunningApp<SampleApp>(new())
{
    [Fact]
    public async Task Function_that_throws_after_part_of_the_body_aborts_the_connection()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/fail-late");
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        App.Release();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Chunked_body_streams_to_the_function_and_its_response_streams_back()
    {
        using var client = await RawConnection.OpenAsync(Host.BaseAddress);

        // More than a client's write buffer.
        await client.SendAsync(
            $"POST /api/stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n{new string('a', 0x10000)}\r\n");
        await App.ReadAsync("began");
        await client.SendAsync("0\r\n\r\n");
        var first = await client.ReadUntilAsync("first");
        App.Release();
        var second = await client.ReadUntilAsync("second");

        Assert.StartsWith("HTTP/1.1 200", first, StringComparison.Ordinal);
        Assert.DoesNotContain("first", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_disconnects_within_the_body_cancels_the_invocation()
    {
        using (var client = await RawConnection.OpenAsync(Host.BaseAddress))
        {
            await client.SendAsync(
                $"POST /api/receive HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{new string('a', 60_000)}");
            await App.ReadAsync("began");
        }

        await App.ReadAsync("cut");
        await App.ReadAsync("cancelled");
        Assert.False(App.Has("received"));
    }

    [Fact]
    public async Task Client_that_sends_the_complete_body_and_disconnects_is_still_forwarded()
    {
        // More than the worker buffers, less than it and the host buffer.
        const int Length = 1_500_000;
        using (var client = await RawConnection.OpenAsync(Host.BaseAddress))
        {
            await client.SendAsync(
                $"POST /api/receive?hold HTTP/1.1\r\nHost: h\r\nContent-Length: {Length}\r\n\r\n{new string('a', Length)}");
            await App.ReadAsync("began");
        }

        App.Release();

        Assert.Equal($"{Length}", await App.ReadAsync("received"));
    }

    [Fact]
    public async Task Clients_that_send_the_complete_body_and_disconnect_at_once_are_forwarded()
    {
        const int Clients = 10;
        var body = new string('a', 5_000);
        foreach (var _ in Enumerable.Range(0, Clients))
        {
            using var client = await RawConnection.OpenAsync(Host.BaseAddress);
            await client.SendAsync(
                $"POST /api/respond/200 HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        }

        Assert.All(await App.Events.AtLeastAsync<HttpInvocation>(Clients), call => Assert.Equal(200, call.Status));
    }

    [Fact]
    public async Task Calls_of_one_worker_run_in_parallel()
    {
        var held = PostAsync("api/hold");
        await App.ReadAsync("began");
        using var other = await PostAsync("api/respond/200");
        var heldWasRunning = !held.IsCompleted;
        App.Release();
        using var response = await held;

        Assert.True(heldWasRunning);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (other.StatusCode, response.StatusCode));
    }
}
