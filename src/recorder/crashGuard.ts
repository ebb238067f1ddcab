// Which sessions have crashed, for everybody in this process who writes `S.json`: kept for each session and directory,
// so that a crashed session silences itself and no other, whichever exporter its next write comes through.

import { resolve } from "node:path";

const crashed = new Set<string>();

/** From now on nothing but the crash may be written to the session's `S.json`. */
export function markCrashed(directory: string, safeId: string): void {
  crashed.add(keyOf(directory, safeId));
}

export function isCrashed(directory: string, safeId: string): boolean {
  return crashed.size > 0 && crashed.has(keyOf(directory, safeId));
}

/** A new incarnation of the session begins. */
export function clear(directory: string, safeId: string): void {
  if (crashed.size > 0) crashed.delete(keyOf(directory, safeId));
}

function keyOf(directory: string, safeId: string): string {
  return `${resolve(directory)}\0${safeId}`;
}
