using Mono.Cecil;

namespace MarketplaceWebhook.Tests.Architecture;

/// <summary>A wall is only as good as what it sees: each of these is a breach in another shape.</summary>
public sealed class ReferencesTests
{
    private static readonly Lazy<List<string>> Seen = new(() =>
    {
        using var tests = AssemblyDefinition.ReadAssembly(typeof(ReferencesTests).Assembly.Location);
        return [.. References.In(tests)
            .Where(reference => IsIn(reference.From, nameof(Plants)))
            .Select(reference => reference.To.Name)
            .Distinct()];
    });

    [Theory]
    [InlineData(nameof(AsBase))]
    [InlineData(nameof(AsField))]
    [InlineData(nameof(AsParameter))]
    [InlineData(nameof(AsResult))]
    [InlineData("AsGenericArgument`1")]
    [InlineData(nameof(AsElement))]
    [InlineData(nameof(AsConstraint))]
    [InlineData(nameof(AsAttributeAttribute))]
    [InlineData(nameof(AsAttributeValue))]
    [InlineData(nameof(AsCall))]
    [InlineData(nameof(AsCatchException))]
    [InlineData(nameof(InLambda))]
    [InlineData(nameof(InStateMachine))]
    [InlineData(nameof(AsTypeToken))]
    public void See(string reference) => Assert.Contains(reference, Seen.Value);

    private static bool IsIn(TypeReference type, string name) =>
        type.Name == name || (type.DeclaringType is { } outer && IsIn(outer, name));

#pragma warning disable CA1812, CA1852, CA1823, CA1064, IDE0044, IDE0051, CS0169, CS1998
    private class AsBase;

    private sealed class AsField;

    private sealed class AsParameter;

    private sealed class AsResult;

    private sealed class AsGenericArgument<T>;

    private sealed class AsElement;

    private interface AsConstraint;

    [AttributeUsage(AttributeTargets.Class)]
    private sealed class AsAttributeAttribute(Type type) : Attribute
    {
        public Type Type { get; } = type;
    }

    private sealed class AsAttributeValue;

    private static class AsCall
    {
        public static void Do()
        {
        }
    }

    private sealed class AsCatchException : Exception;

    private sealed class InLambda;

    private sealed class InStateMachine;

    private sealed class AsTypeToken;

    [AsAttribute(typeof(AsAttributeValue))]
    private sealed class Plants : AsBase
    {
        private AsField? _field;

        public static AsResult? Method(AsParameter parameter, List<AsGenericArgument<AsElement[]>> list)
        {
            try
            {
                AsCall.Do();
            }
            catch (AsCatchException)
            {
                return null;
            }

            return null;
        }

        public static void Generic<T>()
            where T : AsConstraint
        {
        }

        public static Func<object> Closure(int count) => () => count > 0 ? new InLambda() : typeof(AsTypeToken);

        public static async Task StateMachineAsync()
        {
            await Task.Yield();
            GC.KeepAlive(new InStateMachine());
        }
    }
#pragma warning restore
}
