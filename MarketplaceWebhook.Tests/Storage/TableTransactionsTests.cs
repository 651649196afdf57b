using Azure.Core.Pipeline;
using Azure.Data.Tables;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class TableTransactionsTests
{
    private const int ServiceLimit = 4 * 1024 * 1024;

    private static readonly TableTransactionAction Fence = Action("fence", "");

    [Theory]
    [InlineData(0, new[] { 1 })]
    [InlineData(1, new[] { 2 })]
    [InlineData(99, new[] { 100 })]
    [InlineData(100, new[] { 99, 2 })]
    [InlineData(198, new[] { 99, 100 })]
    [InlineData(2_000, new[] { 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 21 })]
    public void Transaction_has_at_most_100_rows(int count, int[] sizes)
    {
        var transactions = Split(Enumerable.Range(0, count).Select(n => Action($"{n}", "")));

        Assert.Equal(sizes, transactions.Select(transaction => transaction.Count));
    }

    [Fact]
    public void Transactions_keep_every_row_once_in_order_and_the_fence_last()
    {
        var actions = Enumerable.Range(0, 250).Select(n => Action($"{n}", new string('x', n * 100))).ToList();

        Assert.Equal([.. actions, Fence], Split(actions).SelectMany(transaction => transaction));
    }

    [Fact]
    public void Row_that_does_not_fit_is_in_the_next_transaction()
    {
        var transactions = Split(Enumerable.Range(0, 99).Select(n => Action($"{n}", new string('x', 60_000))));

        Assert.Equal([51, 49], transactions.Select(transaction => transaction.Count));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("\"")]
    [InlineData("ü")]
    [InlineData("👍")]
    [InlineData("<&'+\\")]
    [InlineData("\u0001")]
    public async Task Transaction_stays_below_4_MiB_on_the_wire(string characters)
    {
        var text = string.Concat(Enumerable.Repeat(characters, 32_000 / characters.Length));
        var transactions = Split(Enumerable.Range(0, 99).Select(n => Action($"{n}", text)));
        var sizes = new SizeOfRequests();
        var table = new TableClient(
            "UseDevelopmentStorage=true", "Installs",
            new TableClientOptions { Transport = new HttpClientTransport(sizes), Retry = { MaxRetries = 0 } });

        foreach (var transaction in transactions)
        {
            await Assert.ThrowsAsync<Azure.RequestFailedException>(
                () => table.SubmitTransactionAsync(transaction, Cancellation));
        }

        Assert.Equal(transactions.Count, sizes.Seen.Count);
        Assert.All(sizes.Seen, size => Assert.InRange(size, 1, ServiceLimit));
    }

    [Fact]
    public void Rows_of_two_partitions_are_rejected()
    {
        var other = new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("other", "0"));

        Assert.Throws<InvalidOperationException>(() => Split([Action("0", ""), other]));
    }

    private static List<IReadOnlyList<TableTransactionAction>> Split(IEnumerable<TableTransactionAction> actions) =>
        [.. TableTransactions.Split(actions, Fence)];

    private static TableTransactionAction Action(string row, string text) =>
        new(TableTransactionActionType.Add, new TableEntity("partition", row) { ["Text"] = text });

    private sealed class SizeOfRequests : HttpMessageHandler
    {
        public List<long> Seen { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add((await request.Content!.ReadAsByteArrayAsync(cancellationToken)).Length);
            return new HttpResponseMessage(System.Net.HttpStatusCode.BadRequest) { Content = new ByteArrayContent([]) };
        }
    }
}
