// What a run has recorded: who said something, and what. It exists only while recording is armed for that run. The record
// is plain data: written into the trace piece by piece, and read from there to resume the run.

import type { BusEvent, Delivered, ScopeRef } from "./delivered";

export interface RuntimeState<E extends BusEvent> {
  /** The scopes that emitted something, each once, in the order in which they began to. */
  readonly sources: readonly ScopeRef[];
  readonly events: readonly Delivered<E>[];
}

export class RunRecord<E extends BusEvent> {
  readonly #isRecorded: (event: E) => boolean;
  #isArmed = false;
  #sources: ScopeRef[] = [];
  #events: Delivered<E>[] = [];
  readonly #registered = new Set<string>();
  /** Of the events so many are of an earlier run; which of them were replayed. */
  #restoredEvents = 0;
  readonly #replayed = new Set<number>();
  /** How much of each a checkpoint holds already. */
  #storedSources = 0;
  #storedEvents = 0;
  #writing: Promise<void> | undefined;

  /** @param isRecorded false for what is not needed to resume, such as pieces of output */
  constructor(isRecorded: (event: E) => boolean) {
    this.#isRecorded = isRecorded;
  }

  get isArmed(): boolean {
    return this.#isArmed;
  }

  get state(): RuntimeState<E> | undefined {
    if (!this.#isArmed || this.#sources.length + this.#events.length === 0) return undefined;
    return { sources: [...this.#sources], events: [...this.#events] };
  }

  arm(): void {
    this.#isArmed = true;
  }

  restore({ sources, events }: RuntimeState<E>): void {
    this.#refuseWhileWriting("replaced");
    this.#forget();
    this.#isArmed = true;
    for (const source of sources) this.#register(source);
    this.#events = [...events];
    this.#restoredEvents = events.length;
  }

  reset(): void {
    this.#refuseWhileWriting("reset");
    this.#forget();
  }

  add(delivered: Delivered<E>): void {
    if (!this.#isArmed || !this.#isRecorded(delivered.event)) return;
    this.#register(delivered.scope);
    this.#events.push(delivered);
  }

  /** Of the restored events those that are chosen and were not given before. */
  replay(isChosen: (event: E) => boolean): readonly Delivered<E>[] {
    const chosen = this.#events.slice(0, this.#restoredEvents).filter(({ seq, event }) => {
      return !this.#replayed.has(seq) && isChosen(event);
    });
    for (const { seq } of chosen) this.#replayed.add(seq);
    return chosen;
  }

  /** See `RunScope.storeCheckpoint`. */
  async store(write: (fresh: RuntimeState<E>) => void | Promise<void>, isFinal: boolean): Promise<void> {
    while (this.#writing !== undefined) await this.#writing.catch(() => undefined);
    if (!this.#isArmed) return;
    this.#writing = this.#write(write, isFinal);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
    if (!isFinal) return;
    this.#forget();
    this.#isArmed = false;
  }

  async #write(write: (fresh: RuntimeState<E>) => void | Promise<void>, isFinal: boolean): Promise<void> {
    const [sources, events] = [this.#sources.length, this.#events.length];
    const fresh = { sources: this.#sources.slice(this.#storedSources), events: this.#events.slice(this.#storedEvents) };
    if (!isFinal && fresh.sources.length + fresh.events.length === 0) return;
    await write(fresh);
    this.#storedSources = sources;
    this.#storedEvents = events;
  }

  #register(source: ScopeRef): void {
    if (this.#registered.has(source.id)) return;
    this.#registered.add(source.id);
    this.#sources.push(source);
  }

  #forget(): void {
    this.#sources = [];
    this.#events = [];
    this.#registered.clear();
    this.#replayed.clear();
    this.#restoredEvents = 0;
    this.#storedSources = 0;
    this.#storedEvents = 0;
  }

  #refuseWhileWriting(what: string): void {
    if (this.#writing === undefined) return;
    throw new Error(`The record of a run can't be ${what} while a checkpoint of it is being written`);
  }
}
