using MarketplaceWebhook;
using MarketplaceWebhook.Runtimes;
using MarketplaceWebhook.Storage;

try
{
    var builder = Runtime.CreateBuilder(args);
    builder.AddMarketplaceWebhook();
    return await Runtime.RunAsync(builder);
}
catch (SettingsException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
