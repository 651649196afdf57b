// Loaded into Azurite before its own script: whoever started it decides when it stops, and how it ends is always orderly.

// The starter is gone, or has closed stdin (its way on Windows, which has no SIGTERM): what SIGTERM does, write everything and end.
// Until it listens there is nothing to write.
process.stdin.on('end', () => process.emit('SIGTERM') || process.exit()).resume();
process.stdin.unref?.();

// Ctrl+C reaches every process of the terminal at once. The starter hears it too, and stops Azurite last.
// Azurite's handler is removed in the tick that adds it: no signal is delivered before.
process.on('SIGINT', () => {});
process.on('newListener', (event, listener) => {
  if (event === 'SIGINT') process.nextTick(() => process.removeListener(event, listener));
});
