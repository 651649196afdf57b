using System.Security.Cryptography;

namespace MarketplaceWebhook.Notifications;

/// <summary>
/// Gives ids that only rise within a process: a counter in the 12 bits after the version, and the last millisecond where the
/// clock steps back. Guid.CreateVersion7 does neither.
/// </summary>
public sealed class NotificationIds(TimeProvider time)
{
    private readonly Lock gate = new();
    private long millisecond;
    private int counter;

    public NotificationId Next()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (gate)
        {
            if (now > millisecond)
            {
                (millisecond, counter) = (now, 0);
            }
            else if (++counter == 1 << NotificationId.CounterBits)
            {
                (millisecond, counter) = (millisecond + 1, 0);
            }

            return NotificationId.Create(millisecond, counter, BitConverter.ToUInt64(random));
        }
    }
}
