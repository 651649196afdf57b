using System.Reflection;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Records with a value of its own in every property that can be set, none of them the default.</summary>
internal static class Filled
{
    public static T Of<T>()
    {
        var record = Activator.CreateInstance<T>()!;
        foreach (var (index, property) in PropertiesOf<T>().Index())
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(record, Value(type, property.Name, index + 1));
        }

        return record;
    }

    public static IEnumerable<PropertyInfo> PropertiesOf<T>() => typeof(T).GetProperties().Where(property => property.CanWrite);

    private static object Value(Type type, string name, int number) => type switch
    {
        _ when type == typeof(string) => $"{name} {number}",
        _ when type == typeof(int) => number,
        _ when type == typeof(long) => (long)number,
        _ when type == typeof(Guid) => new Guid(number, 0, 0, new byte[8]),
        _ when type == typeof(DateTimeOffset) => DateTimeOffset.UnixEpoch.AddDays(number),
        _ when type == typeof(NotificationId) => Ids.Minute(number),
        _ when type == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>([(byte)('a' + number)]),
        _ when type == typeof(IReadOnlyList<Cycle>) => (Cycle[])[Of<Cycle>()],
        _ => throw new NotSupportedException($"{name} is of a type that has no value here: {type}."),
    };
}
