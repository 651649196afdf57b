using System.Text.Json;

namespace MarketplaceWebhook.Notifications;

/// <summary>The cycles of a notification and their webhooks: what cannot be read is skipped with a warning.</summary>
internal static class InstallDetailsReader
{
    private const string Repeated = "appears more than once; the last one is used.";

    private static readonly KnownNames DetailNames = new(
        nameof(ReportedCycle.CycleId), nameof(ReportedCycle.CycleStatus), nameof(ReportedCycle.TemplateId),
        nameof(ReportedCycle.TemplateReleaseId), nameof(ReportedCycle.Webhooks));

    private static readonly KnownNames WebhookNames = new(nameof(CycleWebhook.Url), nameof(CycleWebhook.StepName));

    public static List<ReportedCycle>? ReadDetails(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var details = new Dictionary<Guid, ReportedCycle>();
        var isArray = JsonText.IsArray(ref reader, path, warnings);
        var index = 0;
        for (; JsonText.ReadElement(ref reader, isArray, index); index++)
        {
            if (index >= ReportedCycle.MaxCount)
            {
                reader.Skip();
            }
            else if (ReadDetail(ref reader, path, index, warnings) is not { } detail)
            {
                warnings.Add(path, index, field: null, "has no readable CycleId; skipped.");
            }
            else
            {
                if (details.Remove(detail.CycleId))
                {
                    warnings.Add(path, index, nameof(ReportedCycle.CycleId), Repeated);
                }

                details.Add(detail.CycleId, detail);
            }
        }

        if (index > ReportedCycle.MaxCount)
        {
            warnings.Add(path, $"{index - ReportedCycle.MaxCount} details beyond {ReportedCycle.MaxCount} skipped.");
        }

        return [.. details.Values];
    }

    private static ReportedCycle? ReadDetail(ref Utf8JsonReader reader, string list, int index, Warnings warnings)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        Guid? cycleId = null;
        string? status = null, templateId = null, releaseId = null;
        List<CycleWebhook>? webhooks = null;
        var seen = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = DetailNames.Find(ref reader, ref seen, out var isRepeated);
            if (isRepeated)
            {
                warnings.Add(list, index, name, Repeated);
            }

            reader.Read();
            switch (name)
            {
                case nameof(ReportedCycle.CycleId): cycleId = JsonText.ReadGuid(ref reader); break;
                case nameof(ReportedCycle.CycleStatus): status = ReadText(ref reader, list, index, name, warnings); break;
                case nameof(ReportedCycle.TemplateId):
                    templateId = JsonText.Canonical(ReadText(ref reader, list, index, name, warnings));
                    break;
                case nameof(ReportedCycle.TemplateReleaseId):
                    releaseId = JsonText.Canonical(ReadText(ref reader, list, index, name, warnings));
                    break;
                case nameof(ReportedCycle.Webhooks):
                    webhooks = ReadWebhooks(ref reader, $"{list}[{index}].{name}", warnings);
                    break;
                default: reader.Skip(); break;
            }
        }

        return cycleId is not { } id ? null : new ReportedCycle
        {
            CycleId = id,
            CycleStatus = status,
            TemplateId = templateId,
            TemplateReleaseId = releaseId,
            Webhooks = webhooks ?? [],
        };
    }

    private static List<CycleWebhook>? ReadWebhooks(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        var webhooks = new List<CycleWebhook>();
        var isArray = JsonText.IsArray(ref reader, path, warnings);
        for (var index = 0; JsonText.ReadElement(ref reader, isArray, index); index++)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                webhooks.Add(ReadWebhook(ref reader, path, index, warnings));
            }
            else
            {
                reader.Skip();
                warnings.Add(path, index, field: null, "is not a webhook; skipped.");
            }
        }

        return webhooks;
    }

    private static CycleWebhook ReadWebhook(ref Utf8JsonReader reader, string list, int index, Warnings warnings)
    {
        string? url = null, stepName = null;
        var seen = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = WebhookNames.Find(ref reader, ref seen, out var isRepeated);
            if (isRepeated)
            {
                warnings.Add(list, index, name, Repeated);
            }

            reader.Read();
            switch (name)
            {
                case nameof(CycleWebhook.Url): url = ReadText(ref reader, list, index, name, warnings); break;
                case nameof(CycleWebhook.StepName): stepName = ReadText(ref reader, list, index, name, warnings); break;
                default: reader.Skip(); break;
            }
        }

        return new CycleWebhook(url, stepName);
    }

    private static string? ReadText(ref Utf8JsonReader reader, string list, int index, string field, Warnings warnings)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType == JsonTokenType.String && JsonText.Read(ref reader) is { } text)
        {
            return text;
        }

        reader.Skip();
        warnings.Add(list, index, field, "is not readable text; skipped.");
        return null;
    }
}
