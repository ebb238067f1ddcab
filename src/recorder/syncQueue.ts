// At most one fsync is under way in a process: libuv has four threads, and the program needs them. One that hangs gives
// its place to the next, so that one bad disk keeps no other waiting for ever. Those of one directory that wait are one:
// it brings to the disk whatever was changed in the directory before it begins.

const hangMs = 30_000;

interface Queue {
  last: Promise<unknown>;
  /** By the path of the directory; those that have not begun. */
  readonly ofDirectories: Map<string, Promise<unknown>>;
}

/** By file system: a process has one, but for a test that plays several processes. */
const queues = new WeakMap<object, Queue>();

/** Runs `sync` after those asked for before; rejects as it does. */
export function inSyncQueue<T>(fs: object, sync: () => Promise<T>): Promise<T> {
  return enqueue(queueOf(fs), sync);
}

/** Syncs the directory after what was asked for before; one sync for all who wait for the same directory. */
export function inSyncQueueOnce(fs: object, directory: string, sync: () => Promise<unknown>): Promise<unknown> {
  const queue = queueOf(fs);
  const waiting = queue.ofDirectories.get(directory);
  if (waiting !== undefined) return waiting;
  const result = enqueue(queue, () => {
    queue.ofDirectories.delete(directory);
    return sync();
  });
  queue.ofDirectories.set(directory, result);
  return result;
}

function enqueue<T>(queue: Queue, sync: () => Promise<T>): Promise<T> {
  const { last } = queue;
  const result = last.then(sync, sync);
  queue.last = last.then(() => settledOrHung(result));
  return result;
}

function queueOf(fs: object): Queue {
  const known = queues.get(fs);
  if (known !== undefined) return known;
  const queue: Queue = { last: Promise.resolve(), ofDirectories: new Map() };
  queues.set(fs, queue);
  return queue;
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
