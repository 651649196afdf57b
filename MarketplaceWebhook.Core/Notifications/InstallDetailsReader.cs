using System.Text.Json;

namespace MarketplaceWebhook.Notifications;

/// <summary>The optional lists of a notification: what cannot be read is skipped with a warning.</summary>
internal static class InstallDetailsReader
{
    public static List<InstallDetail>? ReadDetails(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        if (!EntersArray(ref reader, path, warnings))
        {
            return null;
        }

        var details = new Dictionary<Guid, InstallDetail>();
        var index = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (index >= InstallDetail.MaxCount)
            {
                reader.Skip();
            }
            else if (ReadDetail(ref reader, path, index, warnings) is not { } detail)
            {
                warnings.Add(path, index, "", "has no readable CycleId; skipped.");
            }
            else
            {
                if (details.Remove(detail.CycleId))
                {
                    warnings.Add(path, index, ".CycleId", "appears more than once; the last one is used.");
                }

                details.Add(detail.CycleId, detail);
            }
        }

        if (index > InstallDetail.MaxCount)
        {
            warnings.Add(path, $"{index - InstallDetail.MaxCount} details beyond {InstallDetail.MaxCount} skipped.");
        }

        return [.. details.Values];
    }

    public static List<string>? ReadTexts(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        if (!EntersArray(ref reader, path, warnings))
        {
            return null;
        }

        var texts = new List<string>();
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (reader.TokenType == JsonTokenType.String && JsonText.Read(ref reader) is { } text)
            {
                texts.Add(text);
            }
            else
            {
                reader.Skip();
                warnings.Add(path, index, "", "is not readable text; skipped.");
            }
        }

        return texts;
    }

    private static InstallDetail? ReadDetail(ref Utf8JsonReader reader, string list, int index, Warnings warnings)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        Guid? cycleId = null;
        string? status = null, templateId = null, releaseId = null;
        List<CycleWebhook>? webhooks = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (JsonText.NameIs(ref reader, "CycleId"u8))
            {
                reader.Read();
                cycleId = JsonText.ReadGuid(ref reader);
            }
            else if (JsonText.NameIs(ref reader, "CycleStatus"u8))
            {
                status = ReadText(ref reader, list, index, ".CycleStatus", warnings);
            }
            else if (JsonText.NameIs(ref reader, "TemplateId"u8))
            {
                templateId = JsonText.Canonical(ReadText(ref reader, list, index, ".TemplateId", warnings));
            }
            else if (JsonText.NameIs(ref reader, "TemplateReleaseId"u8))
            {
                releaseId = JsonText.Canonical(ReadText(ref reader, list, index, ".TemplateReleaseId", warnings));
            }
            else if (JsonText.NameIs(ref reader, "Webhooks"u8))
            {
                reader.Read();
                webhooks = ReadWebhooks(ref reader, $"{list}[{index}].Webhooks", warnings);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return cycleId is not { } id ? null : new InstallDetail
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
        if (!EntersArray(ref reader, path, warnings))
        {
            return null;
        }

        var webhooks = new List<CycleWebhook>();
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                warnings.Add(path, index, "", "is not a webhook; skipped.");
                continue;
            }

            string? url = null, stepName = null;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                if (JsonText.NameIs(ref reader, "Url"u8))
                {
                    url = ReadText(ref reader, path, index, ".Url", warnings);
                }
                else if (JsonText.NameIs(ref reader, "StepName"u8))
                {
                    stepName = ReadText(ref reader, path, index, ".StepName", warnings);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }

            webhooks.Add(new CycleWebhook(url, stepName));
        }

        return webhooks;
    }

    private static string? ReadText(ref Utf8JsonReader reader, string list, int index, string field, Warnings warnings)
    {
        reader.Read();
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

    /// <summary>True if the reader entered an array. Null counts as absent; any other value is skipped with a warning.</summary>
    private static bool EntersArray(ref Utf8JsonReader reader, string path, Warnings warnings)
    {
        if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.Null)
        {
            return reader.TokenType == JsonTokenType.StartArray;
        }

        reader.Skip();
        warnings.Add(path, "is not an array; skipped.");
        return false;
    }
}
