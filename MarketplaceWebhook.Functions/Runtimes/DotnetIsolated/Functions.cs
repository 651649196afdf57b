using Azure.Storage.Queues.Models;
using MarketplaceWebhook.DeadLetters;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace MarketplaceWebhook.Runtimes;

/// <summary>
/// The functions as attributes, from which the worker's SDK makes the host's metadata. A test holds them equal to the function.json
/// files of the custom handler.
/// </summary>
public sealed class Functions(NotificationReceiver receiver, Health health, Projector projector, DeadLetterRecorder recorder)
{
    [Function("ReceiveNotification")]
    public Task<IResult> ReceiveNotification(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "cyclr/marketplace/{source?}")] HttpRequest request,
        string? source) => receiver.ReceiveAsync(request, source);

    [Function("Health")]
    public Task<IResult> CheckHealth(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request) => health.CheckAsync();

    [Function("ProjectNotification")]
    public Task ProjectNotification(
        [QueueTrigger(StorageNames.Queue, Connection = StorageSettings.Name)] QueueMessage message,
        CancellationToken aborted) => InvokeAsync(projector.ProjectAsync(message.Body.ToString(), aborted));

    [Function("RecordDeadLetter")]
    public Task RecordDeadLetter(
        [QueueTrigger(StorageNames.PoisonQueue, Connection = StorageSettings.Name)] QueueMessage message,
        CancellationToken aborted) =>
        InvokeAsync(recorder.RecordAsync(message.Body.ToString(), message.InsertedOn ?? DateTimeOffset.UnixEpoch, aborted));

    /// <summary>An exception brings the message back. The host logs its text, and storage's own texts repeat what was sent.</summary>
    private static async Task InvokeAsync(Task invocation)
    {
        try
        {
            await invocation;
        }
        catch (Exception e)
        {
            throw new FailedInvocationException(StorageFaults.Describe(e));
        }
    }
}

/// <param name="fault">Type, status and error code.</param>
public sealed class FailedInvocationException(string fault) : Exception(fault);
