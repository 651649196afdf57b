using Azure;
using Azure.Identity;

namespace MarketplaceWebhook.Cli;

/// <summary>What may fail though the tool is right, each as one line that says what to do.</summary>
internal static class ExpectedFailure
{
    /// <returns>Null: this is a fault of the tool, and its stack trace is wanted.</returns>
    public static string? Describe(Exception exception) => exception switch
    {
        UserErrorException or SettingsException => exception.Message,
        RequestFailedException { Status: 401 or 403 } storage =>
            $"The storage refuses access ({storage.ErrorCode ?? "no error code"}): check AzureWebJobsStorage or --storage.",
        RequestFailedException { Status: 0 } => Unreachable(exception),
        RequestFailedException storage => $"The storage answered {storage.Status} ({storage.ErrorCode ?? "no error code"}).",
        AuthenticationFailedException =>
            "Signing in to Azure failed: run `az login`, or give AzureWebJobsStorage or --storage a connection string.",
        AggregateException { InnerException: RequestFailedException } => Unreachable(exception.InnerException),
        IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };

    private static string Unreachable(Exception exception) =>
        $"The storage cannot be reached ({(exception.InnerException ?? exception).Message}): "
        + "start it (`dev` starts one), or check AzureWebJobsStorage or --storage.";
}
