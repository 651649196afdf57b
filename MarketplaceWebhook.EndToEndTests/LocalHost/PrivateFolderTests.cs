using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.LocalHost.Storage;

namespace MarketplaceWebhook.EndToEndTests.LocalHost;

public sealed class PrivateFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("private-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Only_the_owner_may_read_a_new_folder_and_one_that_exists(bool exists)
    {
        var folder = Path.Combine(_folder, "parent", "data");
        if (exists)
        {
            Directory.CreateDirectory(folder);
        }

        PrivateFolder.Create(folder, "DEV_DATA_FOLDER");

        Assert.True(Directory.Exists(folder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        }
    }

    [Fact]
    public void Folder_that_cannot_be_created_fails_with_the_setting_that_selects_another_one()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        var failure = Assert.Throws<LocalHostException>(() => PrivateFolder.Create(file, "DEV_DATA_FOLDER"));

        Assert.StartsWith($"The folder {file} cannot be used: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(". Set DEV_DATA_FOLDER to a folder of your own.", failure.Message, StringComparison.Ordinal);
    }
}
