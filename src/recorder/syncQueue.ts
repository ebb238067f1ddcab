// At most one fsync is under way in a process: libuv has four threads, and the program needs them. One that hangs makes
// other sessions wait for their sync, and nobody else.

let last: Promise<unknown> = Promise.resolve();

/** Runs `sync` after those asked for before; rejects as it does. */
export function inSyncQueue<T>(sync: () => Promise<T>): Promise<T> {
  const result = last.then(sync, sync);
  last = result.catch(() => undefined);
  return result;
}
