// A rename that another program refuses for a moment: on Windows a scanner or an indexer holds a file that was just
// written. It is tried again with growing pauses, up to a limit; then the refusal stands.

import { errorCode } from "../base/errorCode";

/** How long a rename is tried, in ms: in a crash the process can't wait, elsewhere nobody does. */
export const renameLimitMs = { sync: 200, async: 10_000 } as const;
const firstPauseMs = 5;
const longestPauseMs = 500;

/** The pauses between attempts, in ms, which add up to at most `limitMs`. */
export function* renamePauses(limitMs: number): Generator<number> {
  let spentMs = 0;
  for (let pauseMs = firstPauseMs; spentMs + pauseMs <= limitMs; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    spentMs += pauseMs;
    yield pauseMs;
  }
}

export function isRefusedForNow(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EPERM" || code === "EACCES" || code === "EBUSY";
}

/** @param pause gives up the thread, or not, for so many ms */
export function renameSyncRetrying(rename: () => void, pause: (ms: number) => void): void {
  for (const pauseMs of renamePauses(renameLimitMs.sync)) {
    try {
      rename();
      return;
    } catch (error) {
      if (!isRefusedForNow(error)) throw error;
    }
    pause(pauseMs);
  }
  rename();
}

export async function renameRetrying(rename: () => Promise<void>, pause: (ms: number) => Promise<void>): Promise<void> {
  for (const pauseMs of renamePauses(renameLimitMs.async)) {
    try {
      await rename();
      return;
    } catch (error) {
      if (!isRefusedForNow(error)) throw error;
    }
    await pause(pauseMs);
  }
  await rename();
}
