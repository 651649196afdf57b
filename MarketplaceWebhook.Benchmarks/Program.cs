using System.CommandLine;
using System.CommandLine.Parsing;
using MarketplaceWebhook.Benchmarks;
using MarketplaceWebhook.Benchmarks.Micro;
using MarketplaceWebhook.LocalHost;

var rounds = new Option<int>("--rounds")
{
    Description = "How many times each figure is measured, alternating with its baseline.",
    DefaultValueFactory = _ => 5
};
var scale = new Option<double>("--scale")
{
    Description = "1 measures as documented; 0.1 gives a tenth of the load and of the data.",
    DefaultValueFactory = _ => 1
};
var noBuild = new Option<bool>("--no-build") { Description = "Measure the programs of the last build." };
var output = new Option<string?>("--output")
{
    Description = "The folder for performance.json, .svg and .md. The default is docs in this clone.",
    HelpName = "DIR"
};
var only = new Option<string[]>("--only")
{
    Description =
        $"Sections to measure: {string.Join(", ", Suite.Names)}. Then files are written only with --output.",
    AllowMultipleArgumentsPerToken = true
};
rounds.Validators.Add(
    result => Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 100, "--rounds must be from 1 to 100."));
scale.Validators.Add(
    result => Require(result, result.GetValueOrDefault<double>() is > 0 and <= 1, "--scale must be above 0 and at most 1."));
only.AcceptOnlyFromAmong([.. Suite.Names]);
var root = new RootCommand("Measures the function app, and writes docs/performance.md.") { rounds, scale, noBuild, output, only };
root.SetAction((parsed, cancellationToken) => Suite.RunAsync(
    new SuiteOptions(
        parsed.GetValue(rounds), parsed.GetValue(scale), !parsed.GetValue(noBuild), parsed.GetValue(output),
        parsed.GetValue(only) ?? []),
    cancellationToken));

var micro = new Command("micro", "Runs the micro-benchmarks with BenchmarkDotNet's own command line.")
{
    TreatUnmatchedTokensAsErrors = false,
};
micro.SetAction(parsed => MicroRun.Run([.. parsed.UnmatchedTokens]));
root.Add(micro);

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (LocalHostException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

static void Require(OptionResult result, bool holds, string rule)
{
    if (!holds)
    {
        result.AddError(rule);
    }
}
