using System.Text;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Request bodies, byte for byte, as files in Bodies/{folder}: each file is a case, described by its name.</summary>
internal static class Bodies
{
    public static TheoryData<string> In(string folder) =>
        [.. Directory.EnumerateFiles(PathOf(folder), "*.json")
            .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    /// <summary>A build removes files that are gone, and leaves their folders.</summary>
    public static TheoryData<string> FoldersIn(string folder) =>
        [.. Directory.EnumerateDirectories(PathOf(folder)).Where(path => Directory.EnumerateFiles(path).Any())
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public static byte[] Read(string folder, string name) => File.ReadAllBytes(PathOf(folder, $"{name}.json"));

    /// <summary>A notification of so many bytes.</summary>
    public static byte[] OfLength(int bytes)
    {
        var body = Encoding.UTF8.GetString(Read("documented", "started")).TrimEnd().TrimEnd('}') + ",\"Padding\":\"\"}";
        return Encoding.UTF8.GetBytes(body.Insert(body.Length - 2, new string('x', bytes - body.Length)));
    }

    /// <summary>The file in the folder's own folder "expected" with the result of the body.</summary>
    public static string ExpectationOf(string folder, string name) => PathOf(folder, "expected", $"{name}.json");

    public static string PathOf(params string[] parts) => Path.Combine([AppContext.BaseDirectory, nameof(Bodies), .. parts]);
}
