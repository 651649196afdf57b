using Azure;
using Azure.Identity;

namespace MarketplaceWebhook.Storage;

/// <summary>What a failed storage call means for who made it.</summary>
public static class StorageErrors
{
    /// <summary>Somebody else wrote the rows between our read and our write, or made or deleted the row: read again, fold again.</summary>
    public static bool IsLostRace(Exception exception) => exception is RequestFailedException
    {
        Status: 409 or 412,
        ErrorCode: not ("TableBeingDeleted" or "QueueBeingDeleted" or "ContainerBeingDeleted"),
    }
    or RequestFailedException { Status: 404, ErrorCode: "ResourceNotFound" };

    /// <summary>Worth another attempt at the same thing: throttled, failing, slow or out of reach.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        // Status 0: no answer came. 409 and not a lost race: something is being deleted.
        RequestFailedException { Status: 0 or 408 or 409 or 429 or >= 500 } e => !IsLostRace(e),
        AggregateException e => e.InnerExceptions.All(IsTransient),
        CredentialUnavailableException => false,
        AuthenticationFailedException e => e.InnerException is { } inner && IsTransient(inner),
        // A cancellation that the caller asked for is not handed to this method: see its uses.
        OperationCanceledException or TimeoutException or IOException or HttpRequestException => true,
        _ => false,
    };

    /// <summary>Whether the exception is storage's, and no mistake of ours.</summary>
    public static bool IsStorage(Exception exception) =>
        exception is RequestFailedException or AuthenticationFailedException || IsTransient(exception);

    /// <summary>Deleted under us: the queue, table or container itself, not a row or message.</summary>
    public static bool IsMissing(RequestFailedException exception) =>
        exception is { Status: 404, ErrorCode: "QueueNotFound" or "TableNotFound" or "ContainerNotFound" };

    /// <summary>What was asked for is not there: a row, message or blob, or what it lies in.</summary>
    public static bool IsNotThere(Exception exception) => exception is RequestFailedException { Status: 404 };

    /// <summary>Type, status and error code: what may stand in a log line or a row. Messages of storage repeat what was sent.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        RequestFailedException { ErrorCode: { } code } e => $"{e.GetType().Name} {e.Status} {code}",
        RequestFailedException e => $"{e.GetType().Name} {e.Status}",
        AggregateException { InnerExceptions: [.., var last] } => $"{nameof(AggregateException)}: {Describe(last)}",
        UnreadableMessageException or UnreadableRowException => $"{exception.GetType().Name}: {exception.Message}",
        _ => exception.GetType().Name,
    };
}
