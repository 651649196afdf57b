using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// The storage of your own application: PartnerStorage is a connection string, or PartnerStorage__tableServiceUri is set, for an
// identity.
var builder = FunctionsApplication.CreateBuilder(args);
var storage = builder.Configuration.GetSection("PartnerStorage");
var tables = storage["tableServiceUri"] is { Length: > 0 } uri
    ? new TableServiceClient(new Uri(uri), new DefaultAzureCredential())
    : new TableServiceClient(storage.Value);
var installs = tables.GetTableClient("CustomerInstalls");
await installs.CreateIfNotExistsAsync();
builder.Services.AddSingleton(installs);
await builder.Build().RunAsync();
