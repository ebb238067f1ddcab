// Waits for a task no longer than a limit. The task itself is told by its signal; whether it stops is its own affair.

export class OutOfTime extends Error {
  constructor(limitMs: number) {
    super(`It took more than ${limitMs} ms`);
    this.name = "OutOfTime";
  }
}

/** Rejects with `OutOfTime` where the task is not done within the limit. */
export async function withLimit<T>(limitMs: number, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new OutOfTime(limitMs);
      reject(error);
      abort.abort(error);
    }, limitMs);
  });
  try {
    return await Promise.race([task(abort.signal), limit]);
  } finally {
    clearTimeout(timer);
  }
}
