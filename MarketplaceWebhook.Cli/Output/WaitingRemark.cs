using System.Diagnostics.Tracing;
using System.Globalization;

namespace MarketplaceWebhook.Cli.Output;

/// <summary>
/// Says which server a command waits for, when none has responded for some seconds: the retries of storage calls take minutes. It
/// observes every HTTP client of the process:
/// https://learn.microsoft.com/dotnet/fundamentals/networking/telemetry/events
/// </summary>
internal sealed class WaitingRemark : EventListener
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The status of a request that failed: it is sent again, or the command ends.</summary>
    private const int NoResponse = -1;

    private readonly Lock _gate = new();
    private readonly Timer _timer;
    private int _requests;
    private bool _isWaiting;
    private string _server = "";

    public WaitingRemark() => _timer = new Timer(_ => ConsoleOutput.Remark($"Waiting for {_server} to respond ..."));

    public override void Dispose()
    {
        base.Dispose();
        _timer.Dispose();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "System.Net.Http")
        {
            EnableEvents(eventSource, EventLevel.Informational);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        lock (_gate)
        {
            switch (eventData.EventName)
            {
                case "RequestStart":
                    _requests++;
                    _server = string.Create(CultureInfo.InvariantCulture, $"{eventData.Payload?[1]}:{eventData.Payload?[2]}");
                    WaitIf(!_isWaiting);
                    break;
                case "RequestStop":
                    _requests--;
                    if (eventData.Payload?[0] is not NoResponse)
                    {
                        _isWaiting = false;
                        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                        WaitIf(_requests > 0);
                    }

                    break;
            }
        }
    }

    private void WaitIf(bool isTrue)
    {
        if (isTrue)
        {
            _isWaiting = true;
            _timer.Change(Patience, Timeout.InfiniteTimeSpan);
        }
    }
}
