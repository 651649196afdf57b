using Azure;
using Azure.Identity;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Reconciling;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>Failures that are not bugs of the tool, each as one line that says what to do.</summary>
internal static class ExpectedFailure
{
    /// <returns>Null: this is a bug of the tool, and the stack trace is needed.</returns>
    public static string? Describe(Exception exception) => exception switch
    {
        UserErrorException or LocalHostException or SettingsException or CyclrException => exception.Message,
        RequestFailedException { Status: 401 or 403 } storage =>
            $"Storage denied access ({storage.ErrorCode ?? "no error code"}): check AzureWebJobsStorage or --storage.",
        RequestFailedException { Status: 0 } => Unreachable(exception),
        RequestFailedException storage =>
            $"Storage responded with {storage.Status} ({storage.ErrorCode ?? "no error code"})"
            + (StorageErrors.IsTransient(storage) || StorageErrors.IsLostRace(storage) ? ": try again later." : "."),
        AuthenticationFailedException =>
            "Signing in to Azure failed: run `az login`, or use a connection string in AzureWebJobsStorage or --storage.",
        // The failures of all attempts of a call.
        AggregateException { InnerExceptions: [.., var last] } => Describe(last),
        OperationCanceledException or TimeoutException =>
            "Storage did not respond in time: try again, or check AzureWebJobsStorage or --storage.",
        HttpRequestException => Unreachable(exception),
        IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };

    private static string Unreachable(Exception exception) =>
        $"Storage cannot be reached ({(exception.InnerException ?? exception).Message}): "
        + "start it (`dev` starts one), or check AzureWebJobsStorage or --storage.";
}
