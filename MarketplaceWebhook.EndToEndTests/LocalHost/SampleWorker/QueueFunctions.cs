using System.Text.Json;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;

namespace SampleWorker;

public sealed class QueueFunctions
{
    [Function(nameof(ProcessMessage))]
    public static async Task ProcessMessage([QueueTrigger("%SAMPLE_QUEUE%")] QueueMessage message)
    {
        Folder.Write($"message-{message.DequeueCount}", JsonSerializer.Serialize(new
        {
            message.MessageId,
            message.PopReceipt,
            Text = message.Body.ToString(),
            message.DequeueCount,
            message.InsertedOn,
            message.ExpiresOn,
            message.NextVisibleOn,
        }));
        switch (message.Body.ToString())
        {
            case "throw":
                throw new InvalidOperationException("the function fails");
            case "hold":
                await Folder.WaitForAsync("release", CancellationToken.None);
                break;
        }
    }
}
