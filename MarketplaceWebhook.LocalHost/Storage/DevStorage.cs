using System.Net.Sockets;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.LocalHost.Storage;

/// <summary>The storage of `dev`: the one that is set, else an Azurite that runs already, else one that is started.</summary>
public sealed class DevStorage : IAsyncDisposable
{
    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(3);

    private const string DataFolderVariable = "DEV_DATA_FOLDER";

    private readonly Azurite? _started;

    private DevStorage(string description, string? connection, Azurite? started = null) =>
        (Description, Connection, this._started) = (description, connection, started);

    /// <summary>The folder of Azurite's data.</summary>
    private static string DataFolder => Environment.GetEnvironmentVariable(DataFolderVariable) is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : Path.Combine(RepositoryRoot.Find() ?? Environment.CurrentDirectory, ".azurite");

    /// <summary>For people; without a secret.</summary>
    public string Description { get; }

    /// <summary>Null: as the setting says.</summary>
    public string? Connection { get; }

    /// <param name="configured">AzureWebJobsStorage; null: it is not set.</param>
    /// <exception cref="LocalHostException">A port of Azurite is taken by something else, or it cannot be started.</exception>
    public static async Task<DevStorage> OpenAsync(
        StorageSettings? configured, Action<string> report, CancellationToken cancellationToken)
    {
        if (configured is not null)
        {
            return new DevStorage(new StorageClients(configured).Description, connection: null);
        }

        var options = new AzuriteOptions
        {
            DataDirectory = DataFolder,
            Report = report,
        };
        (string Service, int Port)[] services =
            [("Blob", options.BlobPort), ("Queue", options.QueuePort), ("Table", options.TablePort)];
        var found = await Task.WhenAll(services.Select(service => ProbeAsync(service.Service, service.Port, cancellationToken)));
        if (found.All(probe => probe == Probe.Azurite))
        {
            return new DevStorage("the Azurite that runs already on ports 10000 to 10002", "UseDevelopmentStorage=true");
        }

        if (Array.FindIndex(found, probe => probe != Probe.Free) is >= 0 and var taken)
        {
            throw new LocalHostException(found[taken] == Probe.Azurite
                ? $"An Azurite runs on port {services[taken].Port}, but not with all three services on ports 10000 to 10002: "
                    + "end it, or start it whole."
                : $"Port {services[taken].Port}, which the storage emulator needs, is taken by another program: "
                    + "end that, or name a storage in AzureWebJobsStorage.");
        }

        PrivateFolder.Create(DataFolder, DataFolderVariable);
        report("Starting Azurite ...");
        var azurite = await Azurite.StartAsync(options, cancellationToken);
        return new DevStorage(
            $"Azurite, its data in {options.DataDirectory}", azurite.ConnectionString(AzuriteAccount.WellKnown), azurite);
    }

    public ValueTask DisposeAsync() => _started?.DisposeAsync() ?? ValueTask.CompletedTask;

    // Azurite names itself in any answer, even one that refuses.
    private static async Task<Probe> ProbeAsync(string service, int port, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = ProbeDeadline };
        try
        {
            using var answer = await http.GetAsync(
                new Uri($"http://127.0.0.1:{port}/{AzuriteAccount.WellKnown.Name}?comp=list"), cancellationToken);
            return answer.Headers.TryGetValues("Server", out var server) && server.First().StartsWith(
                $"Azurite-{service}/", StringComparison.Ordinal)
                ? Probe.Azurite
                : Probe.Taken;
        }
        catch (HttpRequestException exception) when (
            exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            return Probe.Free;
        }
        catch (Exception exception) when (
            exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Probe.Taken;
        }
    }

    private enum Probe
    {
        Free,
        Azurite,
        Taken,
    }
}
