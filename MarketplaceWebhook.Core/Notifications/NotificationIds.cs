using System.Security.Cryptography;

namespace MarketplaceWebhook.Notifications;

/// <summary>
/// Creates ids that are strictly increasing within a process: a counter in the 12 bits after the version, and the last
/// millisecond if the clock steps back. Guid.CreateVersion7 does neither.
/// </summary>
public sealed class NotificationIds(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _millisecond;
    private int _counter;

    public NotificationId Next()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            if (now > _millisecond)
            {
                (_millisecond, _counter) = (now, 0);
            }
            else if (++_counter == 1 << NotificationId.CounterBits)
            {
                (_millisecond, _counter) = (_millisecond + 1, 0);
            }

            return NotificationId.Create(_millisecond, _counter, BitConverter.ToUInt64(random));
        }
    }
}
