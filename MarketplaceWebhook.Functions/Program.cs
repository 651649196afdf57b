using MarketplaceWebhook;
using MarketplaceWebhook.Runtimes;

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
