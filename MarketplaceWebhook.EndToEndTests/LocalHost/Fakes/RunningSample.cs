namespace MarketplaceWebhook.EndToEndTests.LocalHost.Fakes;

/// <summary>One sample worker for all tests of a class.</summary>
public sealed class RunningSample() : RunningApp<SampleApp>(new());
