namespace MarketplaceWebhook.Tests.Support;

/// <summary>Waits for a state, never for a time.</summary>
internal static class Wait
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <returns>The first state that is as wanted.</returns>
    /// <param name="what">What is waited for, for the message of a test that fails.</param>
    /// <param name="timeLimit">60 s if null.</param>
    /// <param name="details">What else that message is to tell.</param>
    public static async Task<T> ForAsync<T>(
        string what, Func<Task<T>> read, Func<T, bool> isWanted, CancellationToken cancellationToken,
        TimeSpan? timeLimit = null, Func<string>? details = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeLimit ?? Deadline);
        T state;
        while (!isWanted(state = await read()))
        {
            if (deadline.IsCancellationRequested)
            {
                Assert.Fail(
                    $"Waited {(timeLimit ?? Deadline).TotalSeconds:0} s for {what}; it is {state}.\n{details?.Invoke()}");
            }

            await Task.Delay(Poll, cancellationToken);
        }

        return state;
    }

    public static Task ForAsync(string what, Func<bool> isSo, CancellationToken cancellationToken) =>
        ForAsync(what, () => Task.FromResult(isSo()), so => so, cancellationToken);
}
