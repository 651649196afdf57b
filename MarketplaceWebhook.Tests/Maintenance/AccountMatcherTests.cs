using MarketplaceWebhook.Maintenance;

namespace MarketplaceWebhook.Tests.Maintenance;

public sealed class AccountMatcherTests
{
    private readonly AccountMatcher _mention =
        new(new Guid("aaaaaaaa-0000-0000-0000-000000000001"), ["Acme", "a \"quoted\" one"]);

    [Theory]
    [InlineData("""{"AccountId":"aaaaaaaa-0000-0000-0000-000000000001"}""")]
    [InlineData("""{"accountid":"{AAAAAAAA-0000-0000-0000-000000000001}","Status":5}""")]
    [InlineData("""{"AccountId":"bbbbbbbb-0000-0000-0000-000000000002","ACCOUNTID":"aaaaaaaa000000000000000000000001"}""")]
    [InlineData("""{"AccountId":7,"AccountApiId":"Acme"}""")]
    [InlineData("""{"v":1,"payload":"{\"AccountId\":\"aaaaaaaa-0000-0000-0000-000000000001\"}"}""")]
    [InlineData("""{"v":9,"payload":"no JSON, aaaaaaaa-0000-0000-0000-000000000001"}""")]
    [InlineData("""{"AccountId":"AAAAAAAA-0000-0000-0000-000000000001",""")]
    [InlineData("""{"AccountApiId":"Acme",""")]
    [InlineData("""{"accountAPIid"  :  "\u0041cme","x":""")]
    [InlineData("""{"AccountId":"none","AccountApiId":"Acme"}}""")]
    [InlineData("""{"payload":"{\"AccountApiId\":\"Acme\",\"x""")]
    [InlineData("""{"payload":"{\"AccountApiId\":\"\\u0041cme\"}",""")]
    [InlineData("""{"AccountApiId":"a \"quoted\" one","x":""")]
    [InlineData("AccountId=aaaaaaaa000000000000000000000001&Status=installed")]
    [InlineData("""{"AccountId":"aaaaaaaa-0000-0000-0000-000000000001","x":"\uD800"}""")]
    [InlineData("\"aaaaaaaa-0000-0000-0000-000000000001\"")]
    [InlineData("""["AAAAAAAA-0000-0000-0000-000000000001"]""")]
    [InlineData("""[{"AccountId":"aaaaaaaa000000000000000000000001"}]""")]
    [InlineData("""[{"AccountApiId":"Acme"}]""")]
    [InlineData("""{"data":{"AccountId":"aaaaaaaa-0000-0000-0000-000000000001"}}""")]
    [InlineData("""{"account":"aaaaaaaa\u002d0000-0000-0000-000000000001"}""")]
    [InlineData("""{"aaaaaaaa-0000-0000-0000-000000000001":1}""")]
    public void Text_with_the_account_matches(string text) => Assert.True(_mention.IsIn(text));

    [Theory]
    [InlineData("""{"AccountId":"bbbbbbbb-0000-0000-0000-000000000002","UserId":"aaaaaaaa-0000-0000-0000-000000000001"}""")]
    [InlineData("""{"AccountId":"bbbbbbbb-0000-0000-0000-000000000002","AccountApiId":"Acme"}""")]
    [InlineData("""{"AccountApiId":"acme"}""")]
    [InlineData("""[{"AccountId":"bbbbbbbb-0000-0000-0000-000000000002","AccountApiId":"Acme"}]""")]
    [InlineData("""{"AccountId":"bbbbbbbb-0000-0000-0000-000000000002","AccountApiId":"Acme",""")]
    [InlineData("""{"AccountApiId":"Acme","AccountId" : "{BBBBBBBB-0000-0000-0000-000000000002}",""")]
    [InlineData("""{"payload":"{\"AccountId\":\"bbbbbbbb-0000-0000-0000-000000000002\",\"AccountApiId\":\"Acme\"}",""")]
    [InlineData("""{"AccountApiId":"acme",""")]
    [InlineData("""{"AccountApiId":"Acme""")]
    [InlineData("""{"UserId":"Acme",""")]
    [InlineData("{}")]
    [InlineData("")]
    public void Text_without_the_account_does_not_match(string text) => Assert.False(_mention.IsIn(text));
}
