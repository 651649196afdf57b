using Azure;
using Azure.Data.Tables;

namespace MarketplaceWebhook.Tests.Support.MemoryTables;

/// <summary>The proofs on tables in memory are worth what these tables have in common with real ones.</summary>
public sealed class MemoryTableConformanceTests(AzuriteFixture azurite)
{
    private readonly string _storage = azurite.NewAccount();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Memory_table_responds_to_random_calls_like_Azurite(int seed)
    {
        var real = await NewTableAsync();

        var expected = await new RandomTableCalls(real, seed).RunAsync(300, Cancellation);
        var actual = await new RandomTableCalls(new MemoryTableClient("memory", pageSize: 3), seed).RunAsync(300, Cancellation);

        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task Transaction_of_101_rows_fails_as_documented()
    {
        // Azurite rejects it too, with a response that the client library cannot read.
        var actions = Enumerable.Range(0, 101).Select(row => new TableTransactionAction(
            TableTransactionActionType.Add, new TableEntity("p", $"{row}"))).ToList();

        Assert.Equal((400, "InvalidInput"), await FailureAsync(new MemoryTableClient("memory"), actions));
    }

    [Fact]
    public async Task Transaction_over_4_MiB_fails_as_on_Azurite()
    {
        var row = Enumerable.Range(0, 13).ToDictionary(column => $"C{column}", _ => (object)new string('x', 32_000));
        var actions = Enumerable.Range(0, 11).Select(number => new TableTransactionAction(
            TableTransactionActionType.Add, new TableEntity(row) { PartitionKey = "p", RowKey = $"{number}" })).ToList();

        Assert.Equal(
            await FailureAsync(await NewTableAsync(), actions), await FailureAsync(new MemoryTableClient("memory"), actions));
    }

    [Fact]
    public async Task Text_over_32768_characters_fails_as_on_Azurite()
    {
        TableTransactionAction[] actions =
        [
            new(TableTransactionActionType.Add, new TableEntity("p", "r") { ["Text"] = new string('x', 32 * 1024 + 1) }),
        ];

        Assert.Equal(
            await FailureAsync(await NewTableAsync(), actions), await FailureAsync(new MemoryTableClient("memory"), actions));
    }

    [Fact]
    public async Task Transaction_over_two_partitions_fails_as_documented()
    {
        // Azurite accepts it; the service does not:
        // https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
        TableTransactionAction[] actions =
        [
            new(TableTransactionActionType.Add, new TableEntity("p", "r")),
            new(TableTransactionActionType.Add, new TableEntity("q", "r")),
        ];

        Assert.Equal(
            (400, "CommandsInBatchActOnDifferentPartitions"), await FailureAsync(new MemoryTableClient("memory"), actions));
    }

    [Fact]
    public async Task Page_includes_changes_since_the_previous_page()
    {
        var table = new MemoryTableClient("memory", pageSize: 1);
        foreach (var row in new[] { "1", "2", "3" })
        {
            await table.AddEntityAsync(new TableEntity("p", row), Cancellation);
        }

        var seen = new List<string>();
        await foreach (var row in table.QueryAsync<TableEntity>("PartitionKey eq 'p'", cancellationToken: Cancellation))
        {
            seen.Add(row.RowKey);
            if (row.RowKey == "1")
            {
                await table.DeleteEntityAsync("p", "2", cancellationToken: Cancellation);
            }
        }

        Assert.Equal(["1", "3"], seen);
    }

    [Theory]
    [InlineData("PartitionKey eq p")]
    [InlineData("PartitionKey = 'p'")]
    [InlineData("(PartitionKey eq 'p'")]
    [InlineData("PartitionKey eq 'p' RowKey eq 'r'")]
    public void Unsupported_filter_throws(string filter) =>
        Assert.Throws<FormatException>(() => TableFilter.Parse(filter));

    private static async Task<(int Status, string? Code)> FailureAsync(
        TableClient table, IEnumerable<TableTransactionAction> actions)
    {
        var error = await Assert.ThrowsAnyAsync<RequestFailedException>(
            () => table.SubmitTransactionAsync(actions, Cancellation));
        return (error.Status, error.ErrorCode);
    }

    private async Task<TableClient> NewTableAsync()
    {
        var table = new TableServiceClient(_storage).GetTableClient($"t{Guid.NewGuid():N}");
        await table.CreateAsync(Cancellation);
        return table;
    }
}
