// The events that an asynchronous handler has yet to take: one at a time, in order, so that a slow one never sees two at
// once. One that throws goes on with the next.

export class HandlerQueue<T> {
  readonly #handle: (item: T) => Promise<void>;
  readonly #onError: (error: unknown, item: T) => void;
  #waiting: T[] = [];
  /** Grows with every `clear`: what was taken from the list before is not delivered any more either. */
  #clearings = 0;
  #running: Promise<void> | undefined;

  constructor(handle: (item: T) => Promise<void>, onError: (error: unknown, item: T) => void) {
    this.#handle = handle;
    this.#onError = onError;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#running ??= this.#run();
  }

  /** What waits is not delivered any more; what is under way is. */
  clear(): void {
    this.#waiting = [];
    this.#clearings++;
  }

  /** Resolves when nothing waits and nothing is under way; never rejects. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Not within the emitter's own turn: it must not matter how much a handler does before it first waits.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const items = this.#waiting;
      this.#waiting = [];
      const clearings = this.#clearings;
      for (const item of items) {
        if (this.#clearings !== clearings) break;
        try {
          await this.#handle(item);
        } catch (error) {
          this.#onError(error, item);
        }
      }
    }
    this.#running = undefined;
  }
}
