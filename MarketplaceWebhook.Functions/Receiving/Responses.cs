using System.Text.Json.Serialization;
using MarketplaceWebhook.Notifications;
using Microsoft.AspNetCore.Http;

namespace MarketplaceWebhook.Receiving;

/// <summary>Every HTTP response of the application, with its status code.</summary>
internal static class Responses
{
    private const string ProblemJson = "application/problem+json";

    public static IResult Accepted(NotificationId id) => TypedResults.Json(
        new AcceptedResponse(id.ToString(), TimeText.Of(id.ReceivedAt)),
        ResponsesJson.Default.AcceptedResponse, statusCode: StatusCodes.Status202Accepted);

    public static IResult Rejected(NotificationId id, IReadOnlyDictionary<string, string[]> errors) => Problem(
        StatusCodes.Status400BadRequest, "Bad Request",
        "The body is not a valid Cyclr notification. It was stored and can be replayed.", id, errors);

    public static IResult TooLarge(NotificationId id) => Problem(
        StatusCodes.Status413PayloadTooLarge, "Content Too Large",
        $"A notification has at most {RequestBody.MaxBytes} bytes. The beginning of the body was stored.", id);

    public static IResult Unavailable(NotificationId id) => Problem(
        StatusCodes.Status503ServiceUnavailable, "Service Unavailable",
        "Storage did not confirm in time, so the outcome is unknown. Please retry.", id);

    public static IResult Health(bool healthy) => TypedResults.Json(
        new HealthResponse(healthy ? "healthy" : "unhealthy"), ResponsesJson.Default.HealthResponse,
        statusCode: healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);

    private static IResult Problem(
        int status, string title, string detail, NotificationId id, IReadOnlyDictionary<string, string[]>? errors = null) =>
        TypedResults.Json(
            new ProblemResponse(title, status, detail, id.ToString(), errors),
            ResponsesJson.Default.ProblemResponse, ProblemJson, status);
}

internal sealed record AcceptedResponse(string NotificationId, string ReceivedAt);

/// <summary>RFC 9457, with <c>errors</c> (field → messages) and <c>notificationId</c> as extensions.</summary>
internal sealed record ProblemResponse(
    string Title, int Status, string Detail, string NotificationId, IReadOnlyDictionary<string, string[]>? Errors);

internal sealed record HealthResponse(string Status);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AcceptedResponse))]
[JsonSerializable(typeof(ProblemResponse))]
[JsonSerializable(typeof(HealthResponse))]
internal sealed partial class ResponsesJson : JsonSerializerContext;
