// Typed events within one process. Listeners are called in the order in which they subscribed; one that throws is
// reported and harms no other; a listener removed during delivery is not called any more.

import { type Disposable, toDisposable } from "./disposable";

export type Event<T> = (listener: (value: T) => void) => Disposable;

export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<{ readonly call: (value: T) => void }>();
  readonly #onListenerError: (error: unknown) => void;

  /** @param onListenerError receives what a listener throws; the default rethrows after all have been called. */
  constructor(onListenerError?: (error: unknown) => void) {
    this.#onListenerError =
      onListenerError ??
      ((error) => {
        throw error;
      });
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  readonly event: Event<T> = (listener) => {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return toDisposable(() => this.#listeners.delete(entry));
  };

  fire(value: T): void {
    const errors: unknown[] = [];
    for (const entry of [...this.#listeners]) {
      if (!this.#listeners.has(entry)) continue;
      try {
        entry.call(value);
      } catch (error) {
        errors.push(error);
      }
    }
    for (const error of errors) this.#onListenerError(error);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
