const TICK_MS = 5;
/** A tick that comes later than this was held up: by work of this process, or by its neighbours. */
const LATE_MS = 25;

/**
 * Does work and says how long it took, without the time in which the machine let this process wait.
 *
 * For a promise in seconds, such as an answer within three: neighbours that have the cores do not count, while a wait
 * of our own that is too long does, and so does a loop that this process is stuck in.
 */
export async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  let ms = 0;
  let seenAt = performance.now();
  let usedAt = usedCpu();
  const count = (): void => {
    const [now, used] = [performance.now(), usedCpu()];
    ms += Math.min(now - seenAt, Math.max(LATE_MS, used - usedAt));
    [seenAt, usedAt] = [now, used];
  };
  const ticks = setInterval(count, TICK_MS);
  try {
    const result = await work();
    count();
    return { result, ms };
  } finally {
    clearInterval(ticks);
  }
}

function usedCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
