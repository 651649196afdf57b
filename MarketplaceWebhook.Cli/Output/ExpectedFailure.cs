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
            $"{Subject(exception)} denied access ({storage.ErrorCode ?? "no error code"}): check {Settings(exception)}.",
        RequestFailedException { Status: 0 } => Unreachable(exception),
        RequestFailedException storage =>
            $"{Subject(exception)} responded with {storage.Status} ({storage.ErrorCode ?? "no error code"})"
            + (StorageErrors.IsTransient(storage) || StorageErrors.IsLostRace(storage) ? ": try again later." : "."),
        AuthenticationFailedException =>
            $"Signing in to Azure failed: run `az login`, or use a connection string in {Settings(exception)}.",
        // The failures of all attempts of a call.
        AggregateException { InnerExceptions: [.., var last] } => Describe(last),
        OperationCanceledException or TimeoutException =>
            $"{Subject(exception)} did not respond in time: try again, or check {Settings(exception)}.",
        HttpRequestException => Unreachable(exception),
        IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };

    private static string Unreachable(Exception exception) =>
        $"{Subject(exception)} cannot be reached ({(exception.InnerException ?? exception).Message}): "
        + $"{(StorageErrors.IsOfFallback(exception) ? "" : "start it (`dev` starts one), or ")}check {Settings(exception)}.";

    private static string Subject(Exception exception) =>
        StorageErrors.IsOfFallback(exception) ? "The fallback storage" : "Storage";

    private static string Settings(Exception exception) => StorageErrors.IsOfFallback(exception)
        ? $"{StorageSettings.FallbackName} or --fallback-storage" : $"{StorageSettings.Name} or --storage";
}
