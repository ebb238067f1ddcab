// The wish that something ends before its time: with why, and again for each time that somebody insists. What runs within
// something else is stopped with it.

import type { StopReason } from "../outcome";

export class ActionStop {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(reason: StopReason) => void>();
  readonly #unlink: () => void;
  #reason: StopReason | undefined;

  /** @param outer what it runs within */
  constructor(outer?: ActionStop) {
    this.#unlink = outer?.onRequest((reason) => this.request(reason)) ?? (() => undefined);
  }

  /** The first one. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** For what knows nothing of reasons. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  request(reason: StopReason): void {
    this.#reason ??= reason;
    for (const listener of [...this.#listeners]) listener(reason);
    this.#controller.abort();
  }

  /** Told of each request, also of one that was made before. @returns ends it */
  onRequest(listener: (reason: StopReason) => void): () => void {
    this.#listeners.add(listener);
    if (this.#reason !== undefined) listener(this.#reason);
    return () => this.#listeners.delete(listener);
  }

  /** It has ended: the outer one has nothing to stop here any more. */
  over(): void {
    this.#unlink();
  }
}
