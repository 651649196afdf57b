using System.Text;
using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class ApiIdKeyTests(AzuriteFixture azurite)
{
    public static TheoryData<string> Awkward =>
    [
        .. ApiIds.Awkward.Select(c => $"a{c}b"), .. ApiIds.Awkward.Select(c => c.ToString()), "a/b\\c#d?e%f~g", "%2F", "%252F",
        "~2F", "..", " a ", "O'Neill", "customer@example.com", "日本 ü 𝄞", "a+b=c&d",
        new string('x', 400), new string('/', 500), new string('日', 500),
    ];

    [Theory]
    [InlineData("customer-42", "customer-42")]
    [InlineData("Acme GmbH & Co.", "Acme GmbH & Co.")]
    [InlineData("a/b\\c#d?e%f~g", "a~2Fb~5Cc~23d~3Fe~25f~7Eg")]
    [InlineData("a\tb\u0085", "a~09b~85")]
    public void Key_is_the_id_with_escaped_characters(string apiId, string key) => Assert.Equal(key, TableKeys.ApiId(apiId));

    [Fact]
    public void Key_over_400_bytes_is_the_hash_of_the_id()
    {
        Assert.Equal(new string('x', 400), TableKeys.ApiId(new string('x', 400)));
        Assert.Equal(
            "~sha256-257d2e9bd85ba7902e8b8accd833319a4d78332321d320ef3aaa05270ee9f416",
            TableKeys.ApiId(new string('x', 401)));
        Assert.Equal(
            "~sha256-ec8e62464d9b82ec39a27a72730d88a05af0c9cec301a5ef229ded67065ac034",
            TableKeys.ApiId(new string('日', 134)));
    }

    [Property(MaxTest = 2_000, Arbitrary = [typeof(ApiIds)])]
    public void Key_is_valid_for_any_id_and_says_which_one_it_is(string apiId)
    {
        var key = TableKeys.ApiId(apiId);

        Assert.DoesNotContain(key, c => char.IsControl(c) || c is '/' or '\\' or '#' or '?' or '%');
        Assert.InRange(Encoding.UTF8.GetByteCount(key), 0, 400);
        if (!key.StartsWith("~sha256-", StringComparison.Ordinal))
        {
            Assert.Equal(
                apiId, Regex.Replace(key, "~([0-9A-F]{2})", escaped => $"{(char)Convert.ToByte(escaped.Groups[1].Value, 16)}"));
        }
    }

    [Theory]
    [MemberData(nameof(Awkward))]
    public async Task Row_is_inserted_read_updated_queried_and_deleted_by_its_key(string apiId)
    {
        var table = new TableClient(azurite.NewAccount(), "Keys");
        await table.CreateAsync(Cancellation);
        var row = new TableEntity(TableKeys.ApiId(apiId), "row") { ["AccountApiId"] = apiId };

        await table.AddEntityAsync(row, Cancellation);
        var read = (await table.GetEntityAsync<TableEntity>(row.PartitionKey, row.RowKey, cancellationToken: Cancellation)).Value;
        await table.UpdateEntityAsync(read, read.ETag, TableUpdateMode.Replace, Cancellation);
        await table.UpsertEntityAsync(read, TableUpdateMode.Replace, Cancellation);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {row.PartitionKey}");
        var found = await table.QueryAsync<TableEntity>(filter, cancellationToken: Cancellation).ToListAsync(Cancellation);
        var deleted = await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, Cancellation);

        Assert.Equal(apiId, Assert.Single(found).GetString("AccountApiId"));
        Assert.Equal(row.PartitionKey, found[0].PartitionKey);
        Assert.Equal(204, deleted.Status);
        Assert.Empty(await table.QueryAsync<TableEntity>(cancellationToken: Cancellation).ToListAsync(Cancellation));
    }

    public static class ApiIds
    {
        public const string Awkward =
            "/\\#?%~'\"+&=:;,.@ $!*()[]{}|<>^`\t\n\r\0\u001f\u007f\u0080\u009f\u00a0\u00ad\u00ff\u2028\ufeff\uffff";

        public static Arbitrary<string> Texts()
        {
            var piece = Gen.OneOf(
                Gen.Elements(Awkward.ToCharArray()).Select(c => c.ToString()),
                Gen.Elements("~2F", "%2F", "~sha256-", "ab", "日本", "𝄞", "0123456789"));
            return Arb.From(
                from count in Gen.Frequency((9, Gen.Choose(0, 12)), (1, Gen.Choose(30, 300)))
                from pieces in piece.ListOf(count)
                select string.Concat(pieces));
        }
    }
}
