using MarketplaceWebhook.Cli;
using Microsoft.Extensions.Configuration;

return await CommandLine.RunAsync(args, new ConfigurationBuilder().AddEnvironmentVariables().Build());
