using System.Net.Sockets;
using Azure;
using Azure.Identity;
using MarketplaceWebhook.Storage;

namespace MarketplaceWebhook.Tests.Storage;

public sealed class StorageErrorsTests
{
    [Theory]
    [InlineData(409, "EntityAlreadyExists")]
    [InlineData(412, "UpdateConditionNotSatisfied")]
    [InlineData(412, "ConditionNotMet")]
    [InlineData(404, "ResourceNotFound")]
    public void Row_changed_by_another_writer_is_a_lost_race(int status, string code)
    {
        Assert.True(StorageErrors.IsLostRace(Fault(status, code)));
        Assert.False(StorageErrors.IsTransient(Fault(status, code)));
        Assert.True(StorageErrors.IsStorage(Fault(status, code)));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(408, null)]
    [InlineData(429, "TooManyRequests")]
    [InlineData(500, "InternalError")]
    [InlineData(500, "OperationTimedOut")]
    [InlineData(503, "ServerBusy")]
    [InlineData(504, null)]
    [InlineData(409, "TableBeingDeleted")]
    [InlineData(409, "QueueBeingDeleted")]
    [InlineData(409, "ContainerBeingDeleted")]
    public void Server_error_or_throttling_is_transient(int status, string? code)
    {
        Assert.True(StorageErrors.IsTransient(Fault(status, code)));
        Assert.False(StorageErrors.IsLostRace(Fault(status, code)));
        Assert.True(StorageErrors.IsStorage(Fault(status, code)));
    }

    [Theory]
    [InlineData(400, "InvalidInput")]
    [InlineData(401, "NoAuthenticationInformation")]
    [InlineData(403, "AuthorizationFailure")]
    [InlineData(404, "BlobNotFound")]
    [InlineData(413, "RequestBodyTooLarge")]
    public void Any_other_response_is_permanent(int status, string code)
    {
        Assert.False(StorageErrors.IsTransient(Fault(status, code)));
        Assert.False(StorageErrors.IsLostRace(Fault(status, code)));
        Assert.True(StorageErrors.IsStorage(Fault(status, code)));
    }

    [Fact]
    public void Missing_response_is_transient()
    {
        Exception[] faults =
        [
            new TaskCanceledException(), new TimeoutException(), new IOException(), new HttpRequestException(),
            new AggregateException(Fault(503, "ServerBusy"), new TaskCanceledException()),
            new AuthenticationFailedException("no token", new HttpRequestException("no name", new SocketException())),
            new AuthenticationFailedException("no token"), new CredentialUnavailableException("no credential"),
        ];

        Assert.All(faults, fault => Assert.True(StorageErrors.IsTransient(fault), fault.GetType().Name));
        Assert.All(faults, fault => Assert.True(StorageErrors.IsStorage(fault), fault.GetType().Name));
    }

    [Fact]
    public void Bug_of_the_application_is_not_a_storage_error()
    {
        Assert.False(StorageErrors.IsStorage(new InvalidOperationException()));
        Assert.False(StorageErrors.IsStorage(new AggregateException(Fault(503, null), new InvalidOperationException())));
    }

    [Theory]
    [InlineData("QueueNotFound", true)]
    [InlineData("TableNotFound", true)]
    [InlineData("ContainerNotFound", true)]
    [InlineData("ResourceNotFound", false)]
    [InlineData("BlobNotFound", false)]
    [InlineData("MessageNotFound", false)]
    public void Deleted_container_differs_from_a_deleted_item(string code, bool isMissing) =>
        Assert.Equal(isMissing, StorageErrors.IsMissing(Fault(404, code)));

    [Fact]
    public void Description_has_type_status_and_code_and_nothing_that_was_sent()
    {
        var fault = new RequestFailedException(
            400, "The value s3cret is wrong.", "InvalidInput", new InvalidOperationException("s3cret"));

        Assert.Equal("RequestFailedException 400 InvalidInput", StorageErrors.Describe(fault));
        Assert.Equal("RequestFailedException 503", StorageErrors.Describe(Fault(503, null)));
        Assert.Equal(
            "AggregateException: TaskCanceledException",
            StorageErrors.Describe(new AggregateException(fault, new TaskCanceledException("s3cret"))));
        Assert.Equal("InvalidOperationException", StorageErrors.Describe(new InvalidOperationException("s3cret")));
    }

    private static RequestFailedException Fault(int status, string? code) =>
        new(status, "Thrown by a test.", code, innerException: null);
}
