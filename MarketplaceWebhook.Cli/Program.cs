using MarketplaceWebhook.Cli;
using MarketplaceWebhook.Cli.Output;
using MarketplaceWebhook.LocalHost;
using Microsoft.Extensions.Configuration;

LoopbackProxy.Bypass();
// `dev` runs until it is stopped, and reports itself when storage does not respond.
using var waiting = args is ["dev", ..] ? null : new WaitingRemark();
return await CommandLine.RunAsync(args, new ConfigurationBuilder().AddEnvironmentVariables().Build());
