// What the view, the panel and the commands can do with a session that was started here, by the path of its `S.json`.
// The part that does it is loaded once a session was started; until then there is nothing to control.

import { type Disposable, toDisposable } from "../../base/disposable";
import { Emitter } from "../../base/event";

export interface SessionControl {
  /** Starts the same program anew, as a new session. */
  runAgain(key: string): Promise<void>;
  /** Interrupts the program; after pauses it is terminated and killed. A second call goes to the next step at once. */
  stop(key: string): Promise<void>;
  revealTerminal(key: string): Promise<void>;
  /** What was started is still known; false in Restricted Mode. */
  canRunAgain(key: string): boolean;
  /** It runs, and its process can be told to stop. */
  canStop(key: string): boolean;
  hasTerminal(key: string): boolean;
}

let current: SessionControl | undefined;
const changes = new Emitter<void>();

/** What `canRunAgain`, `canStop` or `hasTerminal` say of some session has changed. */
export const onDidChangeSessionControl = changes.event;

/** @param onChange tells when the answers of `control` may have changed */
export function installSessionControl(
  control: SessionControl,
  onChange: (listener: () => void) => Disposable,
): Disposable {
  current = control;
  const listening = onChange(() => changes.fire());
  changes.fire();
  return toDisposable(() => {
    listening.dispose();
    if (current === control) current = undefined;
  });
}

export async function runAgain(key: string): Promise<void> {
  await current?.runAgain(key);
}

export async function stop(key: string): Promise<void> {
  await current?.stop(key);
}

export async function revealTerminal(key: string): Promise<void> {
  await current?.revealTerminal(key);
}

export function canRunAgain(key: string): boolean {
  return current?.canRunAgain(key) ?? false;
}

export function canStop(key: string): boolean {
  return current?.canStop(key) ?? false;
}

export function hasTerminal(key: string): boolean {
  return current?.hasTerminal(key) ?? false;
}
