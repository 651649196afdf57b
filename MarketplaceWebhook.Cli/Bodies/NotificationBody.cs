using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Cli.Bodies;

/// <summary>The body of a notification to post: a documented example or a file.</summary>
/// <param name="Bytes">Exactly those of the file, unless values were replaced.</param>
internal sealed record NotificationBody(byte[] Bytes)
{
    /// <summary>Indented, without escaping non-ASCII characters.</summary>
    public static JsonSerializerOptions ReadableJson { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonNodeOptions AnyCase = new() { PropertyNameCaseInsensitive = true };

    /// <summary>
    /// The documented notifications, by status. Cyclr's example of *installed* has an error; `installed` is the same without it,
    /// since it is the first notification that most people send.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } = [.. KnownStatus.All, "installed-with-errors"];

    /// <exception cref="UserErrorException">The name is neither a documented notification nor a file.</exception>
    public static NotificationBody Read(string name)
    {
        if (Names.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return new NotificationBody(ReadResource($"Bodies/{name.ToLowerInvariant()}.json"));
        }

        if (File.Exists(name))
        {
            return new NotificationBody(File.ReadAllBytes(name));
        }

        throw new UserErrorException($"'{name}' is neither a file nor one of {string.Join(", ", Names)}.");
    }

    /// <summary>Replaces these values; null keeps the existing one.</summary>
    /// <exception cref="UserErrorException">The body is not a JSON object.</exception>
    public NotificationBody With(Guid? accountId, string? accountApiId, long? packageId)
    {
        if ((accountId, accountApiId, packageId) is (null, null, null))
        {
            return this;
        }

        try
        {
            var body = JsonNode.Parse(Bytes, AnyCase)?.AsObject() ?? throw new JsonException();
            if (accountId is not null)
            {
                body["AccountId"] = accountId;
            }

            if (accountApiId is not null)
            {
                body["AccountApiId"] = accountApiId;
            }

            if (packageId is not null)
            {
                body["MarketplaceIntegrationPackageId"] = packageId;
            }

            return new NotificationBody(JsonSerializer.SerializeToUtf8Bytes(body, ReadableJson));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new UserErrorException(
                "Values can be replaced only in a JSON object without duplicate names, and the file is not one.", exception);
        }
    }

    private static byte[] ReadResource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The tool was built without {name}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
