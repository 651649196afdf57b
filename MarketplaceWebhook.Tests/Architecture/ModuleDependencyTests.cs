using Mono.Cecil;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>Checks on the compiled assembly which modules of the library use each other.</summary>
public sealed class ModuleDependencyTests
{
    private const string Root = "MarketplaceWebhook";

    /// <summary>What a module may use besides itself: other modules, and types at the root.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Notifications"] = [],
        ["Installs"] = ["Notifications"],
        ["Telemetry"] = ["Notifications"],
        ["Storage"] = ["Notifications", "Installs", "Telemetry", "TimeLimits", "SettingsException"],
        ["Fallback"] = ["Notifications", "Storage", "Telemetry", "TimeLimits"],
        ["ChangeFeed"] = ["Notifications", "Installs", "Storage", "SettingsException"],
        ["Projecting"] = ["Notifications", "Installs", "Storage", "ChangeFeed", "Telemetry", "TimeLimits"],
        ["Maintenance"] = ["Notifications", "Installs", "Storage", "Telemetry"],
        ["Reconciling"] = ["Notifications", "Installs", "Storage", "SettingsException"],
    };

    private static readonly Lazy<AssemblyDefinition> App = new(
        () => AssemblyDefinition.ReadAssembly(typeof(TimeLimits).Assembly.Location));

    public static TheoryData<string> Modules => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Modules))]
    public void Module_uses_only_the_modules_allowed(string module) =>
        AssertNone(Used((from, to) =>
            from == module && ModuleOf(to) is { } used && used != module && !Allowed[module].Contains(used)));

    [Fact]
    public void Only_Storage_uses_Azure() => AssertNone(Used((from, to) => from is not "Storage" && IsIn(to, "Azure")));

    [Fact]
    public void Only_Reconciling_uses_HttpClient() =>
        AssertNone(Used((from, to) => from is not "Reconciling" && to.FullName == typeof(HttpClient).FullName));

    [Fact]
    public void Types_do_not_use_each_other_in_a_cycle()
    {
        var uses = References.In(App.Value)
            .Where(reference => !IsGenerated(reference.From) && !IsGenerated(reference.To) && ModuleOf(reference.To) is not null)
            .Select(
                reference =>
                    (From: References.Outermost(reference.From).FullName, To: References.Outermost(reference.To).FullName))
            .Where(use => use.From != use.To)
            .ToHashSet();
        // Types without an unvisited dependency cannot be part of a cycle: what remains after removing all of them is.
        while (uses.RemoveWhere(use => !uses.Any(next => next.From == use.To)) > 0)
        {
        }

        while (uses.RemoveWhere(use => !uses.Any(previous => previous.To == use.From)) > 0)
        {
        }

        Assert.Empty(uses.Select(use => $"{use.From} uses {use.To}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Core_references_neither_ASP_NET_Core_nor_a_Functions_package() =>
        Assert.DoesNotContain(
            App.Value.MainModule.AssemblyReferences,
            reference => reference.Name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
                || reference.Name.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal));

    [Fact]
    public void Every_type_is_in_a_module_or_at_the_root() =>
        Assert.Empty(App.Value.MainModule.GetTypes()
            .Where(type => !IsGenerated(type))
            .Select(ModuleOf)
            .Where(
                module => module is null
                    || !(Allowed.ContainsKey(module) || module is "ServiceRegistration" or "TimeLimits" or "SettingsException"))
            .Distinct());

    private static List<string> Used(Func<string?, TypeReference, bool> isViolation) =>
        [.. References.In(App.Value)
            .Where(reference => !IsGenerated(reference.From) && !IsGenerated(reference.To)
                && isViolation(ModuleOf(reference.From), reference.To))
            .Select(reference => $"{References.Outermost(reference.From).FullName} uses {reference.To.FullName}")
            .Distinct()
            .Order(StringComparer.Ordinal)];

    private static void AssertNone(List<string> violations) =>
        Assert.True(violations.Count == 0, $"A dependency rule is broken:\n{string.Join('\n', violations)}");

    /// <summary>The module, or the name of a type at the root; null for a type of another assembly.</summary>
    private static string? ModuleOf(TypeReference type)
    {
        var outermost = References.Outermost(type);
        if (outermost.Scope != App.Value.MainModule)
        {
            return null;
        }

        return outermost.Namespace.Split('.') is [Root, var module, ..] ? module : outermost.Name;
    }

    private static bool IsIn(TypeReference type, string prefix)
    {
        var name = References.Outermost(type).Namespace;
        return name == prefix || name.StartsWith($"{prefix}.", StringComparison.Ordinal);
    }

    /// <summary>Embedded compiler attributes, source-generated code for the whole assembly, and coverage's counters.</summary>
    private static bool IsGenerated(TypeReference type) =>
        References.Outermost(type) is var outermost
        && (outermost.Name[0] is '<' || outermost.Namespace.StartsWith("Microsoft.", StringComparison.Ordinal)
            || outermost.Namespace.StartsWith("System.", StringComparison.Ordinal)
            || outermost.Namespace.StartsWith("Coverlet.", StringComparison.Ordinal));
}
