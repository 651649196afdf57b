using Azure.Identity;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Telemetry;
using Microsoft.Extensions.Configuration;

namespace MarketplaceWebhook.Tests.Telemetry;

public sealed class TelemetrySettingsTests
{
    private const string ConnectionString = "InstrumentationKey=00000000-0000-0000-0000-000000000000";

    [Fact]
    public void Nothing_is_exported_without_settings() => Assert.False(Read().IsExporting);

    [Fact]
    public void Each_exporter_is_enabled_by_its_setting()
    {
        var (monitor, otlp) = (Read(connectionString: ConnectionString), Read(endpoint: "http://127.0.0.1:4317"));

        Assert.Equal((true, ConnectionString, false), (monitor.IsExporting, monitor.ConnectionString, monitor.HasOtlp));
        Assert.Equal((true, null, true), (otlp.IsExporting, otlp.ConnectionString, otlp.HasOtlp));
    }

    [Fact]
    public void Connection_string_alone_needs_no_credential() =>
        Assert.Null(Read(connectionString: ConnectionString).Credential);

    [Theory]
    [InlineData("Authorization=AAD")]
    [InlineData("ClientId=11111111-1111-1111-1111-111111111111;Authorization=AAD")]
    [InlineData(" authorization = aad ; clientid = 11111111-1111-1111-1111-111111111111 ; ")]
    public void Authentication_string_selects_the_managed_identity(string authentication) =>
        Assert.IsType<ManagedIdentityCredential>(Read(ConnectionString, authentication).Credential);

    [Theory]
    [InlineData("ClientId=11111111-1111-1111-1111-111111111111")]
    [InlineData("Authorization=Key")]
    [InlineData("AAD")]
    [InlineData("ClientId=;Authorization=AAD")]
    [InlineData("Authorization=AAD;Tenant=a-secret")]
    public void Malformed_authentication_string_is_reported_in_one_line_without_its_value(string authentication)
    {
        var exception = Assert.Throws<SettingsException>(() => Read(ConnectionString, authentication));

        Assert.Equal(
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING must be Authorization=AAD, or ClientId=<client id>;Authorization=AAD.",
            exception.Message);
    }

    [Fact]
    public void Invalid_endpoint_is_reported_in_one_line() => Assert.Equal(
        "OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL.",
        Assert.Throws<SettingsException>(() => Read(endpoint: "collector:4317")).Message);

    private static TelemetrySettings Read(
        string? connectionString = null, string? authentication = null, string? endpoint = null) =>
        TelemetrySettings.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                [TelemetrySettings.ConnectionStringName] = connectionString,
                [TelemetrySettings.AuthenticationStringName] = authentication,
                [TelemetrySettings.OtlpEndpointName] = endpoint,
            })
            .Build());
}
