using MarketplaceWebhook.Cli;

return await CommandLine.RunAsync(args);
