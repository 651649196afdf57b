using System.Text;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Commands;

/// <summary>`dev` with a storage account that is not on this machine, in every form that the settings can have.</summary>
public sealed class RemoteStorageTests
{
    private const string Key = "c2VjcmV0c2VjcmV0";

    private const string Signature = "sv=2024-01-01&sig=c2VjcmV0";

    private static readonly (string Setting, string Value)[][] Settings =
    [
        [("AzureWebJobsStorage", $"DefaultEndpointsProtocol=https;AccountName=acmeprod;AccountKey={Key};EndpointSuffix=core.windows.net")],
        [
            (
                "AzureWebJobsStorage",
                "BlobEndpoint=https://acmeprod.blob.core.windows.net;QueueEndpoint=https://acmeprod.queue.core.windows.net;"
                    + $"TableEndpoint=https://acmeprod.table.core.windows.net;SharedAccessSignature={Signature}"),
        ],
        [
            (
                "AzureWebJobsStorage",
                $"AccountName=acme;AccountKey={Key};BlobEndpoint=http://127.0.0.1:1/acme;QueueEndpoint=http://127.0.0.1:2/acme;"
                    + "TableEndpoint=https://acmeprod.table.core.windows.net"),
        ],
        [
            (
                "AzureWebJobsStorage",
                $"AccountName=acme;AccountKey={Key};BlobEndpoint=http://10.0.0.4:1/acme;QueueEndpoint=http://10.0.0.4:2/acme;"
                    + "TableEndpoint=http://10.0.0.4:3/acme"),
        ],
        [("AzureWebJobsStorage__accountName", "acmeprod")],
        [("azurewebjobsstorage__ACCOUNTNAME", "devstoreaccount1")],
        [
            ("AzureWebJobsStorage__queueServiceUri", "https://acmeprod.queue.core.usgovcloudapi.net"),
            ("AzureWebJobsStorage__tableServiceUri", "https://acmeprod.table.core.usgovcloudapi.net"),
            ("AzureWebJobsStorage__blobServiceUri", "https://acmeprod.blob.core.usgovcloudapi.net"),
        ],
        [
            ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
            (
                "FallbackStorage",
                $"BlobEndpoint=https://acmedr.blob.core.windows.net;QueueEndpoint=https://acmedr.queue.core.windows.net;SharedAccessSignature={Signature}"),
        ],
        [("FallbackStorage__accountName", "acmedr")],
        [
            ("FallbackStorage__queueServiceUri", "https://acmedr.queue.core.windows.net"),
            ("FallbackStorage__blobServiceUri", "https://acmedr.blob.core.windows.net"),
        ],
    ];

    [Fact]
    public async Task Rejection_is_one_line_with_the_account_and_without_a_secret()
    {
        var text = new StringBuilder();
        foreach (var settings in Settings)
        {
            var result = await InProcessCli.RunAsync(
                settings.ToDictionary(setting => setting.Setting, setting => setting.Value),
                ["dev", "--port", "0", "--app", AppContext.BaseDirectory]);

            Assert.Equal((1, ""), (result.ExitCode, result.Output));
            Assert.Equal(1, result.Error.Count(c => c == '\n'));
            Assert.DoesNotContain("c2VjcmV0", result.Error, StringComparison.Ordinal);
            text.Append(string.Join(' ', settings.Select(setting => $"{setting.Setting}={WithoutSecret(setting.Value)}")))
                .Append($"\n  {result.Error}\n");
        }

        Approved.AssertIs("remote-storage", text.ToString());
    }

    private static string WithoutSecret(string value) =>
        value.Replace(Key, "…", StringComparison.Ordinal).Replace(Signature, "…", StringComparison.Ordinal);
}
