using Mono.Cecil;

namespace MarketplaceWebhook.Tests.Walls;

/// <summary>The rooms of the function app and what each may use, held on the compiled assembly.</summary>
public sealed class WallTests
{
    private const string Root = "MarketplaceWebhook";

    /// <summary>What a room may use beside itself, without its prefix. Patience and SettingsException are the root's words for all.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Notifications"] = [],
        ["Receiving"] = ["Notifications", "Storage", "Telemetry", "Patience"],
        ["Projecting"] = ["Notifications", "Storage", "Telemetry", "Patience"],
        ["DeadLetters"] = ["Notifications", "Storage", "Telemetry", "Patience", "Projecting"],
        ["Storage"] = ["Notifications", "Telemetry", "Patience", "SettingsException"],
        ["Telemetry"] = ["Notifications", "SettingsException"],
        ["Runtimes"] = ["Notifications", "Receiving", "Projecting", "DeadLetters", "Storage", "Telemetry", "SettingsException"],
    };

    private static readonly Lazy<AssemblyDefinition> App = new(
        () => AssemblyDefinition.ReadAssembly(typeof(Patience).Assembly.Location));

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_the_rooms_that_it_may(string room) =>
        AssertNone(Used(
            from => from == room,
            to => RoomOf(to) is { } used && used != room && !Allowed[room].Contains(used)));

    [Fact]
    public void Only_Storage_and_Telemetry_speak_to_Azure() =>
        AssertNone(Used(from => from is not ("Storage" or "Telemetry"), to => IsIn(to, "Azure")));

    [Fact]
    public void Telemetry_signs_in_to_Azure_Monitor_and_knows_nothing_else_of_Azure() =>
        AssertNone(Used(
            from => from is "Telemetry",
            to => IsIn(to, "Azure") && !IsIn(to, "Azure.Core") && !IsIn(to, "Azure.Identity") && !IsIn(to, "Azure.Monitor")));

    [Fact]
    public void Only_Receiving_and_Runtimes_know_http() =>
        // Program holds the runtime's builder for a moment, whatever its type is.
        AssertNone(Used(from => from is not ("Receiving" or "Runtimes" or "Program"), to => IsIn(to, "Microsoft.AspNetCore")));

    [Fact]
    public void Nothing_but_Program_uses_Runtimes() =>
        AssertNone(Used(from => from is not ("Runtimes" or "Program"), to => RoomOf(to) == "Runtimes"));

    [Fact]
    public void Every_type_lies_in_a_room_or_at_the_root() =>
        Assert.Empty(App.Value.MainModule.GetTypes()
            .Where(type => !IsMadeByTheCompiler(type))
            .Select(RoomOf)
            .Where(room => room is null || !Allowed.ContainsKey(room))
            .Where(room => room is not ("Application" or "Patience" or "Program" or "SettingsException"))
            .Distinct());

    private static List<string> Used(Func<string?, bool> from, Func<TypeReference, bool> to) =>
        [.. References.In(App.Value)
            .Where(reference => !IsMadeByTheCompiler(reference.From) && !IsMadeByTheCompiler(reference.To)
                && from(RoomOf(reference.From)) && to(reference.To))
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
