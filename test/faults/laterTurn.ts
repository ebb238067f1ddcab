// When calls that are not waited for take effect: each in a turn of the event loop after the one in which it was made, in
// the order in which they were made. No timer is involved, and fake timers of a test change nothing here.

// Taken at the start, so that a test that fakes `setImmediate` later does not stop the file system.
const { setImmediate } = globalThis;

export function inLaterTurn(act: () => void): void {
  setImmediate(act);
}

export function laterTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
