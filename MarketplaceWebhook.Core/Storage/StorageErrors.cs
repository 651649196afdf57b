using Azure;
using Azure.Identity;

namespace MarketplaceWebhook.Storage;

/// <summary>Classifies failed storage calls.</summary>
public static class StorageErrors
{
    /// <summary>
    /// Another writer changed, created or deleted a row between our read and our write: read again, fold again.
    /// </summary>
    public static bool IsLostRace(Exception exception) => exception is RequestFailedException
    {
        Status: 409 or 412,
        ErrorCode: not ("TableBeingDeleted" or "QueueBeingDeleted" or "ContainerBeingDeleted"),
    }
    or RequestFailedException { Status: 404, ErrorCode: "ResourceNotFound" };

    /// <summary>Worth a retry: throttled, failing, slow or out of reach.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        // Status 0: no response. 409 and not a lost race: something is being deleted.
        RequestFailedException { Status: 0 or 408 or 409 or 429 or >= 500 } e => !IsLostRace(e),
        AggregateException e => e.InnerExceptions.All(IsTransient),
        // No token. Whether the endpoint of the identity fails for a moment or the setting is wrong cannot be distinguished: the
        // inner exception of its 503 is an MsalServiceException.
        AuthenticationFailedException => true,
        // Callers check first whether they requested the cancellation.
        OperationCanceledException or TimeoutException or IOException or HttpRequestException => true,
        _ => false,
    };

    /// <summary>True if the exception comes from Azure Storage rather than from a bug in this application.</summary>
    public static bool IsStorage(Exception exception) =>
        exception is RequestFailedException || IsTransient(exception);

    /// <summary>The failed call was one of the fallback storage.</summary>
    public static bool IsOfFallback(Exception exception) => FallbackMarkPolicy.IsMarked(exception);

    /// <summary>The queue, table or container does not exist, as opposed to a row or message in it.</summary>
    public static bool IsMissing(RequestFailedException exception) =>
        exception is { Status: 404, ErrorCode: "QueueNotFound" or "TableNotFound" or "ContainerNotFound" };

    /// <summary>The row, message or blob does not exist, or its table, queue or container.</summary>
    public static bool IsNotFound(Exception exception) => exception is RequestFailedException { Status: 404 };

    /// <summary>
    /// Type, status and error code: safe for a log line or a row. Exception messages of Azure Storage repeat what was sent.
    /// </summary>
    public static string Describe(Exception exception) => exception switch
    {
        RequestFailedException { ErrorCode: { } code } e => $"{e.GetType().Name} {e.Status} {code}",
        RequestFailedException e => $"{e.GetType().Name} {e.Status}",
        AggregateException { InnerExceptions: [.., var last] } => $"{nameof(AggregateException)}: {Describe(last)}",
        UnreadableMessageException or UnreadableRowException => $"{exception.GetType().Name}: {exception.Message}",
        _ => exception.GetType().Name,
    };
}
