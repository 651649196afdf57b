using System.Text.Json.Serialization;

namespace MarketplaceWebhook.Reconciling;

/// <summary>An account of `GET /accounts`.</summary>
/// <param name="Id">The API id, which the partner chooses: any text.</param>
internal sealed record CyclrAccount(string? Id);

/// <summary>A cycle of `GET /cycles`.</summary>
internal sealed record CyclrCycle(string? Id, string? Status, string? TemplateId, int? ErrorCount);

/// <summary>The response of `POST /oauth/token`.</summary>
internal sealed record CyclrToken([property: JsonPropertyName("access_token")] string? AccessToken);

/// <summary>The bodies of Cyclr's API, as far as they are used.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(IReadOnlyList<CyclrAccount>))]
[JsonSerializable(typeof(IReadOnlyList<CyclrCycle>))]
[JsonSerializable(typeof(CyclrCycle))]
[JsonSerializable(typeof(CyclrToken))]
internal sealed partial class CyclrJson : JsonSerializerContext;
