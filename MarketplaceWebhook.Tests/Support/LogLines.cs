using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MarketplaceWebhook.Tests.Support;

/// <summary>Records what an application logs: the level and the text of each message.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = [];

    public IReadOnlyList<string> Errors => Of(LogLevel.Error);

    public IReadOnlyList<string> Warnings => Of(LogLevel.Warning);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }

    private List<string> Of(LogLevel level) => [.. _lines.Where(line => line.Level == level).Select(line => line.Text)];
}
