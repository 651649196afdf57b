namespace MarketplaceWebhook.Tests.Support;

/// <summary>Waits for a state, never for a time.</summary>
internal static class Wait
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <returns>The first state that is as wanted.</returns>
    /// <param name="what">What is waited for, for the message of a test that waits in vain.</param>
    /// <param name="patience">60 s where it is not given.</param>
    /// <param name="details">What else that message is to tell.</param>
    public static async Task<T> ForAsync<T>(
        string what, Func<Task<T>> look, Func<T, bool> isWanted, CancellationToken cancellationToken,
        TimeSpan? patience = null, Func<string>? details = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience ?? Deadline);
        T state;
        while (!isWanted(state = await look()))
        {
            if (deadline.IsCancellationRequested)
            {
                Assert.Fail(
                    $"Waited {(patience ?? Deadline).TotalSeconds:0} s in vain for {what}; it is {state}.\n{details?.Invoke()}");
            }

            await Task.Delay(Poll, cancellationToken);
        }

        return state;
    }

    public static Task ForAsync(string what, Func<bool> isSo, CancellationToken cancellationToken) =>
        ForAsync(what, () => Task.FromResult(isSo()), so => so, cancellationToken);
}
