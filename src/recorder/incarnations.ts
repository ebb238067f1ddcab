// The incarnations that this process records. A newer one of the same session takes the place of an older one, which from
// then on writes to its own journal alone. One timer for all of them keeps silence meaningful, and what is pending when
// the process exits is appended.

import { drainAll } from "./turn";

const heartbeatMs = 30_000;

export interface LiveIncarnation {
  /** A newer incarnation has begun. */
  supersede(): void;
  /** Called every 30 s. */
  heartbeat(): void;
  /** The process exits: what is pending is appended in this thread. Must not throw. */
  exit(): void;
}

const newest = new Map<string, LiveIncarnation>();
const all = new Set<LiveIncarnation>();
let timer: NodeJS.Timeout | undefined;

/** @param key path of `S.json` */
export function registerIncarnation(key: string, incarnation: LiveIncarnation): void {
  newest.get(key)?.supersede();
  newest.set(key, incarnation);
  all.add(incarnation);
  if (timer) return;
  process.on("exit", atExit);
  timer = setInterval(() => {
    for (const each of all) each.heartbeat();
  }, heartbeatMs);
  timer.unref();
}

/** True where this process records a newer incarnation of the session than this one. */
export function isReplaced(key: string, incarnation: object): boolean {
  const current = newest.get(key);
  return current !== undefined && current !== incarnation;
}

/** It records no more. */
export function forgetIncarnation(key: string, incarnation: LiveIncarnation): void {
  if (newest.get(key) === incarnation) newest.delete(key);
  all.delete(incarnation);
  if (all.size > 0) return;
  clearInterval(timer);
  timer = undefined;
  process.removeListener("exit", atExit);
}

function atExit(): void {
  drainAll();
  for (const each of all) each.exit();
}
