using System.Text;
using Azure.Data.Tables;
using MarketplaceWebhook.Installs;
using MarketplaceWebhook.Storage;
using MarketplaceWebhook.Tests.Support;

namespace MarketplaceWebhook.Tests.Storage;

/// <summary>A property that the mapping of its record forgets would be dropped silently.</summary>
public sealed class EntityMappingTests
{
    private static readonly Guid Account = new("aaaaaaaa-0000-0000-0000-000000000001");

    [Fact]
    public void Every_property_of_an_install_survives_in_its_row()
    {
        var install = Filled.Of<Install>();

        Assert.Equal(install, install.ToEntity(Account).ToInstall());
    }

    [Fact]
    public void Every_property_of_a_cycle_survives_in_its_row()
    {
        var cycle = Filled.Of<Cycle>();

        Assert.Equal(cycle, cycle.ToEntity(Account).ToCycle());
    }

    [Fact]
    public void Every_property_of_a_status_change_survives_in_its_row_and_the_cycles_in_the_payload()
    {
        var change = Filled.Of<StatusChange>();
        var row = change.ToEntity();

        Assert.Equal(change with { Cycles = null, Payload = null, PayloadBlob = null }, row.ToStatusChange());
        Assert.Equal((change.Payload, change.PayloadBlob), (row.GetString("Payload"), row.GetString("PayloadBlob")));
    }

    [Fact]
    public void Columns_of_a_status_change_that_are_queried_are_those_that_are_read()
    {
        var row = Filled.Of<StatusChange>().ToEntity();

        var queried = new TableEntity(
            row.Where(column => EntityMapping.StatusChangeColumns.Contains(column.Key)).ToDictionary());

        Assert.Equal(row.ToStatusChange(), queried.ToStatusChange());
    }

    [Fact]
    public void Every_property_of_a_dead_letter_survives_in_its_row()
    {
        var deadLetter = Filled.Of<DeadLetter>();
        var stored = new StoredDeadLetter(RawRow.From(deadLetter.ToEntity()));

        Assert.All(Filled.PropertiesOf<DeadLetter>(), property =>
        {
            var name = property.Name == nameof(DeadLetter.InsertedAt) ? nameof(StoredDeadLetter.ReceivedAt) : property.Name;
            Assert.Equal(Text(property.GetValue(deadLetter)), Text(typeof(StoredDeadLetter).GetProperty(name)?.GetValue(stored)));
        });
    }

    private static string? Text(object? value) =>
        value is ReadOnlyMemory<byte> bytes ? Encoding.UTF8.GetString(bytes.Span) : value?.ToString();
}
