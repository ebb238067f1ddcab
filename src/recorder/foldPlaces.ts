// So many files are written at once in a process: each holds several descriptors open, and a program with a thousand
// sessions must not run out of them. What hangs gives its place to the next, so that one bad disk keeps no other waiting
// for ever.

const mostFolds = 32;
const hangMs = 30_000;

let taken = 0;
const waiting: (() => void)[] = [];

/** Runs `fold` when there is a place for it, first come, first served; rejects as it does. */
export async function inFoldPlace<T>(fold: () => Promise<T>): Promise<T> {
  if (taken < mostFolds) taken++;
  else await new Promise<void>((resolve) => void waiting.push(resolve));
  let isHeld = true;
  const give = () => {
    if (!isHeld) return;
    isHeld = false;
    const next = waiting.shift();
    if (next) next();
    else taken--;
  };
  const timer = setTimeout(give, hangMs);
  timer.unref();
  try {
    return await fold();
  } finally {
    clearTimeout(timer);
    give();
  }
}
