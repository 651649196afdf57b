using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Reconciling;

/// <summary>An account of Cyclr, of Installs, or of both.</summary>
/// <param name="Id">Cyclr's AccountId; null: Installs does not have the account.</param>
/// <param name="ApiId">The partner's id; null: only Installs has the account, and no notification had one.</param>
/// <param name="SameApiId">All accounts of Installs with that API id: one that is recreated in Cyclr has a new AccountId.</param>
internal sealed record ComparedAccount(Guid? Id, string? ApiId, IReadOnlyList<Guid> SameApiId)
{
    /// <summary>The partition of its rows in Reconciliations. Accounts are compared in the order of these keys.</summary>
    public string Key { get; } = Id is { } id ? TableKeys.Account(id) : ReconciliationKeys.UnknownAccount(ApiId!);

    /// <summary>What Cyclr's API calls it.</summary>
    public string Name => ApiId ?? Id!.Value.ToString();

    /// <summary>Joins by AccountApiId, else by AccountId.</summary>
    /// <param name="cyclr">The ids of `GET /accounts`.</param>
    public static IReadOnlyList<ComparedAccount> Join(IReadOnlySet<string> cyclr, InstalledAccounts stored)
    {
        var byApiId = stored.AccountIds.Where(id => stored.ApiIdOf(id) is not null).ToLookup(id => stored.ApiIdOf(id)!);
        var others = cyclr.Where(apiId => !byApiId.Contains(apiId)).ToList();
        var joined = byApiId.Where(group => cyclr.Contains(group.Key)).SelectMany(group => group).ToHashSet();
        var byId = new Dictionary<Guid, string>();
        foreach (var apiId in others)
        {
            if (Guid.TryParse(apiId, out var id) && stored.Contains(id) && !joined.Contains(id))
            {
                byId.TryAdd(id, apiId);
            }
        }

        var known = stored.AccountIds.Select(id => stored.ApiIdOf(id) switch
        {
            _ when byId.TryGetValue(id, out var listed) => new ComparedAccount(id, listed, [id]),
            { } apiId => new ComparedAccount(id, apiId, [.. byApiId[apiId]]),
            null => new ComparedAccount(id, ApiId: null, [id]),
        });
        var unknown = others.Except(byId.Values).Select(apiId => new ComparedAccount(Id: null, apiId, []));
        return [.. known.Concat(unknown).OrderBy(account => account.Key, StringComparer.Ordinal)];
    }
}
