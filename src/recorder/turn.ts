// When a burst of records is appended: once a turn of the event loop, when the microtasks of the turn have run and before
// any timer or `setImmediate` callback. That is what "acknowledged" means.

/** Runs `drain` of every member once, at the end of the turn in which it was added; and when the process exits. */
export interface Drained {
  /** Must not throw. */
  drain(): void;
}

const waiting = new Set<Drained>();
let isScheduled = false;

export function drainAtEndOfTurn(member: Drained): void {
  waiting.add(member);
  if (isScheduled) return;
  isScheduled = true;
  // A callback of `nextTick` that a microtask asks for runs when no microtask is left, and before the event loop goes on.
  queueMicrotask(askForTick);
}

function askForTick(): void {
  process.nextTick(drainAll);
}

export function drainAll(): void {
  isScheduled = false;
  const members = [...waiting];
  waiting.clear();
  for (const member of members) member.drain();
}
