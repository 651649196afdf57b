using Azure.Data.Tables;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// The minimum that an isolated worker needs to put a request's body on a queue and to write rows from a message: the baseline of
// the function app. The clients are the SDK's, with its defaults, except for the encoding that host.json asks for.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
// As in the function app: otherwise every request is logged, and each record is sent to the host.
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
var storage = builder.Configuration["AzureWebJobsStorage"];
builder.Services.AddSingleton(new QueueClient(
    storage, "marketplace-notifications", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }));
builder.Services.AddSingleton(new TableServiceClient(storage));
await builder.Build().RunAsync();
