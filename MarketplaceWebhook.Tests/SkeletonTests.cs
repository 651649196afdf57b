namespace MarketplaceWebhook.Tests;

public sealed class SkeletonTests
{
    [Fact]
    public void Documented_bodies_are_there() =>
        Assert.Equal(4, Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Bodies", "documented"), "*.json").Length);
}
