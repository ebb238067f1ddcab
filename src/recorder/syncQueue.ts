// At most one fsync is under way in a process: libuv has four threads, and the program needs them. One that hangs gives
// its place to the next, so that one bad disk keeps no other waiting for ever.

const hangMs = 30_000;

/** By file system: a process has one, but for a test that plays several processes. */
const lastOf = new WeakMap<object, Promise<unknown>>();

/** Runs `sync` after those asked for before; rejects as it does. */
export function inSyncQueue<T>(fs: object, sync: () => Promise<T>): Promise<T> {
  const last = lastOf.get(fs) ?? Promise.resolve();
  const result = last.then(sync, sync);
  lastOf.set(
    fs,
    last.then(() => settledOrHung(result)),
  );
  return result;
}

/** Resolves when `work` has begun and settled, or hangs. */
function settledOrHung(work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, hangMs);
    timer.unref();
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}
