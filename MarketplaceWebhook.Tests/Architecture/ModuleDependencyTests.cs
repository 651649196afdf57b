using MarketplaceWebhook.Cli;
using MarketplaceWebhook.LocalHost;
using MarketplaceWebhook.Maintenance;
using Mono.Cecil;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>
/// Checks on the compiled assemblies which modules use each other. A module is a namespace below MarketplaceWebhook, or one below
/// MarketplaceWebhook.Cli. Core and Operations share the module Storage.
/// </summary>
public sealed class ModuleDependencyTests
{
    private const string Root = "MarketplaceWebhook";

    /// <summary>What a module may use besides itself.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Notifications"] = [],
        ["Installs"] = ["Notifications"],
        ["Telemetry"] = ["Notifications"],
        ["Storage"] = ["Notifications", "Installs", "Telemetry"],
        ["Fallback"] = ["Notifications", "Storage", "Telemetry"],
        ["ChangeFeed"] = ["Notifications", "Installs"],
        ["Projecting"] = ["Notifications", "Installs", "Storage", "ChangeFeed", "Telemetry"],
        ["Maintenance"] = ["Notifications", "Installs", "Storage", "Telemetry"],
        ["Reconciling"] = ["Notifications", "Installs", "Storage"],
        ["Cli.Output"] = ["LocalHost", "Maintenance", "Notifications", "Reconciling", "Storage", "Telemetry"],
        ["Cli.Bodies"] = ["Cli.Output", "Notifications"],
        ["Cli.Dashboard"] =
        [
            "Cli.Output", "Cli.Bodies", "LocalHost", "Maintenance", "Notifications", "Installs", "Storage",
            nameof(OperationsRegistration),
        ],
        ["Cli.Commands"] =
        [
            "Cli.Output", "Cli.Bodies", "Cli.Dashboard", "LocalHost", "Maintenance", "Reconciling", "Projecting",
            "Notifications", "Installs", "Storage", "Telemetry", nameof(OperationsRegistration),
        ],
    };

    private static readonly AssemblyDefinition Core = Read(typeof(ServiceRegistration));
    private static readonly AssemblyDefinition Operations = Read(typeof(StatusCheck));
    private static readonly AssemblyDefinition Tool = Read(typeof(CommandLine));
    private static readonly AssemblyDefinition[] Libraries = [Core, Operations];

    public static TheoryData<string> Modules => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Modules))]
    public void Module_uses_only_the_modules_allowed(string module) =>
        AssertNone(Violations([.. Libraries, Tool], (from, to) =>
            ModuleOf(from) == module && ModuleOf(to) is { } used && used != module && !Allowed[module].Contains(used)));

    [Fact]
    public void Only_Storage_uses_Azure() =>
        AssertNone(Violations(Libraries, (from, to) => ModuleOf(from) is not "Storage" && IsIn(to, "Azure")));

    [Fact]
    public void Tool_reads_tables_queues_and_blobs_only_through_Storage() =>
        AssertNone(Violations([Tool], (_, to) => IsIn(to, "Azure.Data") || IsIn(to, "Azure.Storage")));

    [Fact]
    public void Only_Reconciling_uses_HttpClient() =>
        AssertNone(Violations(
            Libraries, (from, to) => ModuleOf(from) is not "Reconciling" && to.FullName == typeof(HttpClient).FullName));

    [Fact]
    public void Types_do_not_use_each_other_in_a_cycle()
    {
        var uses = Libraries.SelectMany(Uses)
            .Where(use => ModuleOf(use.To) is not null)
            .Select(use => (From: use.From.FullName, To: use.To.FullName))
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
    public void Core_references_neither_ASP_NET_Core_nor_a_Functions_package_nor_another_project() =>
        AssertReferencesNone(Core, "Microsoft.AspNetCore", "Microsoft.Azure.Functions", Root);

    [Fact]
    public void Operations_references_neither_ASP_NET_Core_nor_a_Functions_package() =>
        AssertReferencesNone(Operations, "Microsoft.AspNetCore", "Microsoft.Azure.Functions");

    [Fact]
    public void Local_host_does_not_reference_the_tool_or_Operations() => AssertReferencesNone(
        Read(typeof(LocalFunctionsHost)), Tool.Name.Name, Operations.Name.Name);

    /// <summary>The root registers the services, or is the command line: nothing uses it.</summary>
    [Fact]
    public void Every_type_is_in_a_module_or_at_the_root() =>
        Assert.Empty(Libraries.SelectMany(Uses)
            .Select(use => ModuleOf(use.From))
            .Where(module => module is null
                || !(Allowed.ContainsKey(module) || module.EndsWith("Registration", StringComparison.Ordinal)))
            .Distinct());

    private static AssemblyDefinition Read(Type type) => AssemblyDefinition.ReadAssembly(type.Assembly.Location);

    private static IEnumerable<(TypeReference From, TypeReference To)> Uses(AssemblyDefinition assembly) =>
        References.In(assembly)
            .Select(reference => (From: References.Outermost(reference.From), To: References.Outermost(reference.To)))
            .Where(use => !IsGenerated(use.From) && !IsGenerated(use.To));

    private static List<string> Violations(
        IEnumerable<AssemblyDefinition> assemblies, Func<TypeReference, TypeReference, bool> isViolation) =>
        [.. assemblies.SelectMany(Uses)
            .Where(use => isViolation(use.From, use.To))
            .Select(use => $"{use.From.FullName} uses {use.To.FullName}")
            .Distinct()
            .Order(StringComparer.Ordinal)];

    private static void AssertNone(List<string> violations) =>
        Assert.True(violations.Count == 0, $"A dependency rule is broken:\n{string.Join('\n', violations)}");

    private static void AssertReferencesNone(AssemblyDefinition assembly, params string[] prefixes) =>
        Assert.DoesNotContain(
            assembly.MainModule.AssemblyReferences,
            reference => prefixes.Any(prefix => reference.Name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>The module, or the name of a type at the root; null for a type that is not of this repository.</summary>
    private static string? ModuleOf(TypeReference type) => type.Namespace.Split('.') switch
    {
        [Root] => type.Name,
        [Root, "Cli"] => type.Name,
        [Root, "Cli", var module, ..] => $"Cli.{module}",
        [Root, var module, ..] => module,
        _ => null,
    };

    private static bool IsIn(TypeReference type, string prefix) =>
        type.Namespace == prefix || type.Namespace.StartsWith($"{prefix}.", StringComparison.Ordinal);

    /// <summary>Embedded compiler attributes, source-generated code for the whole assembly, and coverage's counters.</summary>
    private static bool IsGenerated(TypeReference type) =>
        type.Scope is ModuleDefinition
        && (type.Name[0] is '<' || IsIn(type, "Microsoft") || IsIn(type, "System") || IsIn(type, "Coverlet"));
}
