using MarketplaceWebhook.Cli;
using MarketplaceWebhook.LocalHost;
using Microsoft.Extensions.Configuration;

LoopbackProxy.Bypass();
return await CommandLine.RunAsync(args, new ConfigurationBuilder().AddEnvironmentVariables().Build());
