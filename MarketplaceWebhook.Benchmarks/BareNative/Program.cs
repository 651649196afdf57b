using System.Globalization;
using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

// The minimum that an ASP.NET Core app needs to put a request's body on a queue: the baseline of the native handler.
// It creates the same clients, with the SDK's defaults.
var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
    IPAddress.Loopback, int.Parse(builder.Configuration["FUNCTIONS_CUSTOMHANDLER_PORT"]!, CultureInfo.InvariantCulture)));
builder.Logging.ClearProviders();
var storage = builder.Configuration["AzureWebJobsStorage"];
var queue = new QueueClient(storage, "bare", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
builder.Services.AddSingleton(new TableServiceClient(storage).GetTableClient("Bare"));
builder.Services.AddSingleton(new BlobServiceClient(storage).GetBlobContainerClient("bare"));

var app = builder.Build();
app.MapPost("/api/cyclr/marketplace", async (HttpRequest request, CancellationToken aborted) =>
{
    var body = await BinaryData.FromStreamAsync(request.Body, aborted);
    await queue.SendMessageAsync(body, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: aborted);
    return TypedResults.StatusCode(StatusCodes.Status202Accepted);
});
await app.RunAsync();
