namespace MarketplaceWebhook.Tests.Support.Faults;

public enum StorageKind
{
    Queue,
    Table,
    Blob,
}

/// <summary>The response of storage. A transaction gets 202, with the responses to its actions in the content.</summary>
public sealed record StorageResponse(int Status, ReadOnlyMemory<byte> Content);

/// <summary>One HTTP request from a storage client, as <see cref="FaultProxy"/> saw it.</summary>
/// <param name="Number">Counts the proxy's calls from 1.</param>
/// <param name="Kind">The service that was called.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Resource">The path after the account: queue and rest, table and key, container and blob.</param>
/// <param name="Operation">The service's name for it: <c>Put Message</c>, <c>Insert Entity</c>, <c>Query Entities</c> …</param>
public sealed record StorageCall(int Number, StorageKind Kind, string Method, string Resource, string Operation)
{
    public override string ToString() => $"{Number}: {Operation} ({Method} {Resource})";

    /// <summary>
    /// Made by the Functions host, which reads the queues; the application never does, except to delete the message of a check.
    /// </summary>
    public bool IsOfHost => Operation is "Get Messages" or "Update Message" or "Delete Message";

    internal static StorageCall Parse(int number, StorageKind kind, string method, string pathAndQuery)
    {
        var (path, query) = pathAndQuery.Split('?', 2) is [var before, var after] ? (before, after) : (pathAndQuery, "");
        var resource = path.TrimStart('/').Split('/', 2) is [_, var rest] ? Uri.UnescapeDataString(rest) : "";
        return new(number, kind, method, resource, Name(kind, method, resource, query));
    }

    private static string Name(StorageKind kind, string method, string resource, string query) => (kind, method) switch
    {
        (StorageKind.Queue, "POST") => "Put Message",
        (StorageKind.Queue, "GET") when resource.EndsWith("/messages", StringComparison.Ordinal) =>
            query.Contains("peekonly=true", StringComparison.Ordinal) ? "Peek Messages" : "Get Messages",
        (StorageKind.Queue, "DELETE") when resource.Contains("/messages/", StringComparison.Ordinal) => "Delete Message",
        (StorageKind.Queue, "PUT") =>
            resource.Contains("/messages/", StringComparison.Ordinal) ? "Update Message" : "Create Queue",
        (StorageKind.Queue, _) => $"{method} queue",
        (StorageKind.Table, "POST") => resource switch
        {
            "$batch" => "Entity Group Transaction",
            "Tables" => "Create Table",
            _ => "Insert Entity",
        },
        (StorageKind.Table, "GET") when resource.StartsWith("Tables", StringComparison.Ordinal) => "Query Tables",
        (StorageKind.Table, "GET") => resource.EndsWith("()", StringComparison.Ordinal) ? "Query Entities" : "Get Entity",
        (StorageKind.Table, "PUT" or "PATCH" or "MERGE") => "Update Entity",
        (StorageKind.Table, "DELETE") =>
            resource.StartsWith("Tables(", StringComparison.Ordinal) ? "Delete Table" : "Delete Entity",
        (StorageKind.Blob, "PUT") =>
            query.Contains("restype=container", StringComparison.Ordinal) ? "Create Container" : "Put Blob",
        (StorageKind.Blob, "GET") => query.Contains("restype=container", StringComparison.Ordinal) ? "List Blobs" : "Get Blob",
        (StorageKind.Blob, "DELETE") => "Delete Blob",
        _ => $"{method} {kind}",
    };
}
