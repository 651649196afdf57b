using Azure.Core;
using Azure.Identity;
using MarketplaceWebhook.Storage;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Telemetry;

/// <summary>Where telemetry is sent, by the settings of the Functions host and of OpenTelemetry. Without them, nowhere.</summary>
public sealed record TelemetrySettings
{
    public const string ConnectionStringName = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    public const string AuthenticationStringName = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    public const string OtlpEndpointName = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Of Application Insights. Null: nothing is sent to Azure Monitor.</summary>
    public string? ConnectionString { get; private init; }

    /// <summary>Null: the connection string's instrumentation key is enough.</summary>
    public TokenCredential? Credential { get; private init; }

    /// <summary>The exporter itself reads the endpoint, and every other OTEL_EXPORTER_OTLP_ setting.</summary>
    public bool HasOtlp { get; private init; }

    public bool IsExporting => ConnectionString is not null || HasOtlp;

    /// <exception cref="SettingsException">Malformed.</exception>
    public static TelemetrySettings Read(IConfiguration configuration)
    {
        var connectionString = Text(configuration, ConnectionStringName);
        return new TelemetrySettings
        {
            ConnectionString = connectionString,
            Credential = connectionString is not null && Text(configuration, AuthenticationStringName) is { } authentication
                ? CredentialOf(authentication)
                : null,
            HasOtlp = Text(configuration, OtlpEndpointName) is { } endpoint && CheckEndpoint(endpoint),
        };
    }

    private static string? Text(IConfiguration configuration, string name) =>
        configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    /// <param name="authentication">
    /// <c>Authorization=AAD</c> for the system's identity, with <c>ClientId=…</c> for a user-assigned one.
    /// Source: https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string
    /// </param>
    private static ManagedIdentityCredential CredentialOf(string authentication)
    {
        string? clientId = null, authorization = null;
        foreach (var part in authentication.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, value) = part.Split('=', 2, StringSplitOptions.TrimEntries) is [var left, { Length: > 0 } right]
                ? (left, right) : ("", "");
            switch (name.ToUpperInvariant())
            {
                case "CLIENTID":
                    clientId = value;
                    break;
                case "AUTHORIZATION":
                    authorization = value;
                    break;
                default:
                    throw Malformed();
            }
        }

        return string.Equals(authorization, "AAD", StringComparison.OrdinalIgnoreCase)
            ? new ManagedIdentityCredential(
                clientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId))
            : throw Malformed();
    }

    private static SettingsException Malformed() =>
        new($"{AuthenticationStringName} must be Authorization=AAD, or ClientId=<client id>;Authorization=AAD.");

    private static bool CheckEndpoint(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? true
            : throw new SettingsException($"{OtlpEndpointName} is not an http or https URL.");
}
