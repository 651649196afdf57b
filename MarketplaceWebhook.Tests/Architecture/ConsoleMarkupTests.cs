using MarketplaceWebhook.Cli;
using Mono.Cecil;
using Spectre.Console;

namespace MarketplaceWebhook.Tests.Architecture;

public sealed class ConsoleMarkupTests
{
    private static readonly string[] Containers =
        ["TableColumn..ctor", "TableExtensions.AddRow", "TableExtensions.AddColumn", "Panel..ctor", "Rule..ctor"];

    /// <summary>
    /// The methods of Spectre.Console that parse a text as markup. In markup <c>:warning:</c> becomes an emoji, which
    /// <c>Markup.Escape</c> does not prevent.
    /// </summary>
    [Fact]
    public void Tool_does_not_use_markup()
    {
        using var tool = AssemblyDefinition.ReadAssembly(typeof(CommandLine).Assembly.Location);

        var calls = tool.MainModule.GetTypes()
            .SelectMany(type => type.Methods.Where(method => method.HasBody))
            .SelectMany(method => method.Body.Instructions
                .Select(instruction => (Caller: method.FullName, Called: instruction.Operand as MethodReference)))
            .Where(call => call.Called?.DeclaringType.Scope.Name == typeof(Markup).Assembly.GetName().Name)
            .ToList();

        Assert.NotEmpty(calls);
        Assert.Empty(calls.Where(call => ParsesMarkup(call.Called!)).Select(call => $"{call.Caller} calls {call.Called}"));
    }

    /// <summary>Columns and cells of tables, panels and rules take a text as markup, and an IRenderable as it is.</summary>
    private static bool ParsesMarkup(MethodReference called)
    {
        var name = $"{called.DeclaringType.Name}.{called.Name}";
        return name.Contains("Markup", StringComparison.Ordinal)
            || (Containers.Contains(name)
                && called.Parameters.Any(parameter => parameter.ParameterType.FullName is "System.String" or "System.String[]"));
    }
}
