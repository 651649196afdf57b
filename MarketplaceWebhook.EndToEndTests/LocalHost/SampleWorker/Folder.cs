namespace SampleWorker;

/// <summary>Files in SAMPLE_FOLDER by which a function and a test tell each other how far they are.</summary>
internal static class Folder
{
    private static readonly string Path = Environment.GetEnvironmentVariable("SAMPLE_FOLDER") ?? ".";

    public static void Write(string name, string content = "")
    {
        // Moved into place, so that a test never reads half of it.
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }

    public static async Task WaitForAsync(string name, CancellationToken cancellationToken)
    {
        while (!File.Exists(System.IO.Path.Combine(Path, name)))
        {
            await Task.Delay(10, cancellationToken);
        }
    }
}
