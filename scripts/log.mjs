// Progress on standard error: one line a step, with the time since the start.

const SILENCE_MS = 20_000;

export function say(text) {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}

/** Says that a step is still running, whenever nothing has been heard of it (`heard()`) for a while. */
export function heartbeat(what) {
  const timer = setInterval(() => say(`${what}: still running`), SILENCE_MS);
  return { heard: () => timer.refresh(), stop: () => clearInterval(timer) };
}

/** 1234567 as "1.23 MB". */
export function size(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
