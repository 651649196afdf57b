using System.Text;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Properties;

/// <summary>
/// The notifications that a <see cref="MaintenanceHistory"/> receives: the body is stored, later its message is sent. A third of
/// them arrive in the fallback storage, some of these in both accounts, and some as an earlier version stored them.
/// </summary>
internal sealed class MaintenanceReceipts(MaintenanceStorage storage, Random random)
{
    private static readonly string Long = new('x', 33_000);

    private readonly HashSet<NotificationId> _toFallback = [];
    private readonly HashSet<NotificationId> _toBoth = [];
    private readonly HashSet<NotificationId> _fromEarlierVersion = [];

    public int Count { get; private set; }

    /// <summary>Notifications whose body was stored and whose message was not sent yet.</summary>
    public List<ReceivedBody> Unsent { get; } = [];

    public List<ReceivedBody> Sent { get; } = [];

    public static string ApiId(Guid account) => $"api {account.ToString()[..4]}";

    public NotificationId NextId() => Ids.At(storage.Time.GetUtcNow(), ++Count);

    public ReceivedBody Next(string status, Guid account) => new(NextId(), account, Body(status, account));

    public async Task StoreAsync(ReceivedBody one)
    {
        if (random.Next(3) == 0)
        {
            _toFallback.Add(one.Id);
            // The primary storage accepted it, but its response came too late.
            if (random.Next(4) == 0)
            {
                _toBoth.Add(one.Id);
            }

            if (random.Next(2) == 0)
            {
                _fromEarlierVersion.Add(one.Id);
            }
        }

        if (one.IsLong)
        {
            foreach (var (payloads, _) in Receivers(one.Id))
            {
                await payloads.PutPayloadAsync(one.Id, one.Account, Encoding.UTF8.GetBytes(one.Body), default);
            }
        }

        Unsent.Add(one);
    }

    public async Task SendAsync(ReceivedBody one)
    {
        var payload = one.IsLong ? [] : Encoding.UTF8.GetBytes(one.Body);
        var text = Encoding.UTF8.GetString(Envelope.Write(one.Id, SourceLabel.Default, null, payload).Span);
        foreach (var (_, queue) in Receivers(one.Id))
        {
            await queue.ResendAsync(text, default);
        }

        Unsent.Remove(one);
        Sent.Add(one);
    }

    /// <summary>The caller has its response after 10 s at most.</summary>
    public async Task SendLateAsync()
    {
        foreach (var late in Unsent.Where(
            one => storage.Time.GetUtcNow() - one.Id.ReceivedAt > TimeSpan.FromSeconds(9)).ToList())
        {
            await SendAsync(late);
        }
    }

    public async Task SendAllAsync()
    {
        while (Unsent.Count > 0)
        {
            await SendAsync(Unsent[0]);
        }
    }

    /// <summary>Another deployment, whose primary storage the fallback storage is, stores a payload.</summary>
    public async Task StoreOfAnotherDeploymentAsync(Guid account)
    {
        var id = NextId();
        storage.OfAnotherDeployment.Add(TableKeys.PayloadBlob(id));
        await storage.Services.Fallback.EarlierPayloads.PutPayloadAsync(id, account, "{}"u8.ToArray(), default);
    }

    public async Task<NotificationId> RejectAsync(string body, Guid? accountId)
    {
        var id = NextId();
        await storage.Services.Get<DeadLetterTable>().RecordAsync(
            new DeadLetter
            {
                Kind = DeadLetter.Rejected,
                Id = id,
                Reason = RejectionReason.InvalidNotification,
                Detail = "why",
                AccountId = accountId,
                Body = Encoding.UTF8.GetBytes(body),
                BodyLength = body.Length,
            },
            default);
        return id;
    }

    /// <summary>Bodies that mention the account, by one of its ids or both, and one that a later version accepts.</summary>
    public async Task RejectSomeAsync(Guid account)
    {
        await RejectAsync($$"""{"AccountApiId":"{{ApiId(account)}}","x":"{{Padding()}}"}""", accountId: null);
        await RejectAsync($$"""[{"AccountId":"{{account}}","x":"{{Padding()}}"}]""", accountId: null);
        await RejectAsync($$"""{"AccountId":"{{account}}"}""", account);
        var valid = Body("stopped", account);
        Sent.Add(new(await RejectAsync(valid, account), account, valid));
    }

    private IEnumerable<(PayloadBlobs Payloads, NotificationQueue Queue)> Receivers(NotificationId id)
    {
        if (!_toFallback.Contains(id) || _toBoth.Contains(id))
        {
            yield return (storage.Services.Get<PayloadBlobs>(), storage.Services.Get<NotificationQueue>());
        }

        if (_toFallback.Contains(id))
        {
            var fallback = storage.Services.Fallback;
            yield return (_fromEarlierVersion.Contains(id) ? fallback.EarlierPayloads : fallback.Payloads, fallback.Queue);
        }
    }

    private string? Padding() => random.Next(5) == 0 ? Long : null;

    private string Body(string status, Guid account) => NotificationBody.Of(
        status, account, package: random.Next(1, 3), apiId: ApiId(account),
        cycles: random.Next(2) == 0 ? [new Guid(random.Next(3), 0, 0, new byte[8])] : null,
        padding: Padding());
}

internal sealed record ReceivedBody(NotificationId Id, Guid Account, string Body)
{
    /// <summary>It is in a blob.</summary>
    public bool IsLong => Body.Length > ColumnText.MaxCharacters;
}
