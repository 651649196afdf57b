using Mono.Cecil;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>The modules of the library and what each may use, held on the compiled assembly.</summary>
public sealed class ModuleDependencyTests
{
    private const string Root = "MarketplaceWebhook";

    /// <summary>What a room may use beside itself. Rooms are named without their prefix; the other two lie at the root.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Notifications"] = [],
        ["Installs"] = ["Notifications", "Storage"],
        ["Projecting"] = ["Notifications", "Installs", "Storage", "Telemetry", "TimeLimits"],
        ["Maintenance"] = ["Notifications", "Installs", "Projecting", "Storage"],
        ["Storage"] = ["Notifications", "Installs", "Telemetry", "SettingsException"],
        ["Telemetry"] = ["Notifications"],
    };

    private static readonly Lazy<AssemblyDefinition> App = new(
        () => AssemblyDefinition.ReadAssembly(typeof(TimeLimits).Assembly.Location));

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_the_rooms_that_it_may(string room) =>
        AssertNone(Used((from, to) => from == room && RoomOf(to) is { } used && used != room && !Allowed[room].Contains(used)));

    [Fact]
    public void Only_Storage_speaks_to_Azure() =>
        AssertNone(Used((from, to) => from is not ("Storage" or "Installs") && IsIn(to, "Azure")));

    [Fact]
    public void Core_references_neither_ASP_NET_Core_nor_a_Functions_package() =>
        Assert.DoesNotContain(
            App.Value.MainModule.AssemblyReferences,
            reference => reference.Name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
                || reference.Name.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal));

    [Fact]
    public void Every_type_lies_in_a_room_or_at_the_root() =>
        Assert.Empty(App.Value.MainModule.GetTypes()
            .Where(type => !IsMadeByTheCompiler(type))
            .Select(RoomOf)
            .Where(room => room is null || !(Allowed.ContainsKey(room) || room is "ServiceRegistration" or "TimeLimits" or "SettingsException"))
            .Distinct());

    private static List<string> Used(Func<string?, TypeReference, bool> isBreach) =>
        [.. References.In(App.Value)
            .Where(reference => !IsMadeByTheCompiler(reference.From) && !IsMadeByTheCompiler(reference.To)
                && isBreach(RoomOf(reference.From), reference.To))
            .Select(reference => $"{References.Outermost(reference.From).FullName} uses {reference.To.FullName}")
            .Distinct()
            .Order(StringComparer.Ordinal)];

    private static void AssertNone(List<string> breaches) =>
        Assert.True(breaches.Count == 0, $"A wall between rooms is breached:\n{string.Join('\n', breaches)}");

    /// <summary>The room, or the name of a type at the root; null for a type of another assembly.</summary>
    private static string? RoomOf(TypeReference type)
    {
        var outermost = References.Outermost(type);
        if (outermost.Scope != App.Value.MainModule)
        {
            return null;
        }

        return outermost.Namespace.Split('.') is [Root, var room, ..] ? room : outermost.Name;
    }

    private static bool IsIn(TypeReference type, string prefix)
    {
        var name = References.Outermost(type).Namespace;
        return name == prefix || name.StartsWith($"{prefix}.", StringComparison.Ordinal);
    }

    /// <summary>Attributes that the compiler embeds, and what a source generator makes for the whole assembly.</summary>
    private static bool IsMadeByTheCompiler(TypeReference type) =>
        References.Outermost(type) is var outermost
        && (outermost.Name[0] is '<' || outermost.Namespace.StartsWith("Microsoft.", StringComparison.Ordinal)
            || outermost.Namespace.StartsWith("System.", StringComparison.Ordinal));
}
