using Azure.Storage.Queues.Models;
using MarketplaceWebhook.Fallback;
using MarketplaceWebhook.Projecting;
using MarketplaceWebhook.Receiving;
using MarketplaceWebhook.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace MarketplaceWebhook;

/// <summary>Every function of the app, by the name that the Functions host and its settings know.</summary>
public sealed class Functions(
    NotificationReceiver receiver, Health health, Projector projector, DeadLetterRecorder recorder, FallbackMover mover)
{
    [Function(nameof(ReceiveNotification))]
    public Task<IResult> ReceiveNotification(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "cyclr/marketplace/{source?}")] HttpRequest request,
        string? source) => receiver.ReceiveAsync(request, source);

    [Function(nameof(Health))]
    public Task<IResult> Health(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "health")] HttpRequest request) =>
        health.CheckAsync();

    [Function(nameof(ProjectNotification))]
    public Task ProjectNotification(
        [QueueTrigger(StorageNames.Queue, Connection = StorageSettings.Name)] QueueMessage message,
        CancellationToken cancellationToken) => projector.ProjectAsync(message.Body.ToString(), cancellationToken);

    [Function(nameof(RecordDeadLetter))]
    public Task RecordDeadLetter(
        [QueueTrigger(StorageNames.PoisonQueue, Connection = StorageSettings.Name)] QueueMessage message,
        CancellationToken cancellationToken) =>
        recorder.RecordAsync(message.Body.ToString(), message.InsertedOn ?? DateTimeOffset.UnixEpoch, cancellationToken);

    [Function(nameof(MoveFallback))]
    public Task MoveFallback(
        [QueueTrigger(StorageNames.FallbackQueue, Connection = StorageSettings.FallbackName)] QueueMessage message,
        CancellationToken cancellationToken) => mover.MoveAsync(message.Body.ToString(), cancellationToken);

    [Function(nameof(RetryFallback))]
    public Task RetryFallback(
        [QueueTrigger(StorageNames.FallbackPoisonQueue, Connection = StorageSettings.FallbackName)] QueueMessage message,
        CancellationToken cancellationToken) => mover.RetryAsync(message.Body.ToString(), cancellationToken);
}
