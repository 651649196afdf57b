using System.Text.Json;
using MarketplaceWebhook.Storage;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MarketplaceWebhook.Tests.Runtimes;

/// <summary>What the host is told of a function, in one line of text: the same for an attribute and for a function.json.</summary>
internal static class DeclaredFunction
{
    /// <summary>The folders with a function.json: function → its trigger.</summary>
    public static SortedDictionary<string, string> OfFiles(string directory) => new(
        Directory.EnumerateFiles(directory, "function.json", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetFileName(Path.GetDirectoryName(file))!, file => OfFile(File.ReadAllText(file))),
        StringComparer.Ordinal);

    /// <summary>The methods with [Function] in a source: function → its trigger.</summary>
    public static SortedDictionary<string, string> OfSource(string source)
    {
        var tree = CSharpSyntaxTree.ParseText(source);
        // The worker's packages are not there: its attributes stay unbound, but what stands in them is bound.
        var model = CSharpCompilation.Create("functions")
            .AddReferences(
                MetadataReference.CreateFromFile(typeof(object).Assembly.Location),
                MetadataReference.CreateFromFile(typeof(StorageNames).Assembly.Location))
            .AddSyntaxTrees(tree)
            .GetSemanticModel(tree);

        return new(
            tree.GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>()
                .SelectMany(method => Attributes(method.AttributeLists, "Function").Select(function => (
                    Name: Positional(model, function).Single(),
                    Trigger: Trigger(model, method))))
                .ToDictionary(function => function.Name, function => function.Trigger),
            StringComparer.Ordinal);
    }

    private static string OfFile(string json)
    {
        using var document = JsonDocument.Parse(json);
        var trigger = document.RootElement.GetProperty("bindings").EnumerateArray()
            .Single(binding => binding.GetProperty("type").GetString()!.EndsWith("Trigger", StringComparison.Ordinal));
        return trigger.GetProperty("type").GetString() switch
        {
            "httpTrigger" => Http(
                Text(trigger, "authLevel"), trigger.GetProperty("methods").EnumerateArray().Select(method => method.GetString()!), Text(trigger, "route")),
            "queueTrigger" => Queue(Text(trigger, "queueName"), Text(trigger, "connection")),
            var other => throw new InvalidDataException($"{other} is compared by nobody."),
        };
    }

    private static string Trigger(SemanticModel model, MethodDeclarationSyntax method)
    {
        var parameters = method.ParameterList.Parameters;
        var trigger = parameters.SelectMany(parameter => Attributes(parameter.AttributeLists, "HttpTrigger", "QueueTrigger")).Single();
        return trigger.Name.ToString() == "HttpTrigger"
            ? Http(Positional(model, trigger).First(), Positional(model, trigger).Skip(1), Named(model, trigger, "Route"))
            : Queue(Positional(model, trigger).Single(), Named(model, trigger, "Connection"));
    }

    private static string Http(string authLevel, IEnumerable<string> methods, string route) =>
        $"{string.Join(',', methods.Select(method => method.ToUpperInvariant()))} {route} ({authLevel.ToUpperInvariant()})";

    private static string Queue(string name, string connection) => $"queue {name} of {connection}";

    private static string Text(JsonElement trigger, string name) => trigger.GetProperty(name).GetString()!;

    private static IEnumerable<AttributeSyntax> Attributes(SyntaxList<AttributeListSyntax> lists, params string[] names) =>
        lists.SelectMany(list => list.Attributes).Where(attribute => names.Contains(attribute.Name.ToString()));

    private static IEnumerable<string> Positional(SemanticModel model, AttributeSyntax attribute) =>
        attribute.ArgumentList!.Arguments.Where(argument => argument.NameEquals is null).Select(argument => Value(model, argument.Expression));

    private static string Named(SemanticModel model, AttributeSyntax attribute, string name) =>
        Value(model, attribute.ArgumentList!.Arguments.Single(argument => argument.NameEquals?.Name.ToString() == name).Expression);

    /// <summary>A constant's value, or the name of a member of an enum that is not there.</summary>
    private static string Value(SemanticModel model, ExpressionSyntax expression) =>
        model.GetConstantValue(expression) is { HasValue: true, Value: string text }
            ? text
            : ((MemberAccessExpressionSyntax)expression).Name.ToString();
}
