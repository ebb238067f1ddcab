// The scopes of the bus: a run, and what happens within it. Recording is the run's own affair: it is off until it is armed,
// and then holds what this run and the scopes within it emit, and nothing of any other run.

import type { BusEvent, Delivered, ScopeRef } from "./delivered";
import { RunRecord, type RuntimeState } from "./runtimeState";

/** What a scope needs of its bus. */
export interface ScopeBus<E extends BusEvent> {
  emit(scope: ScopeRef, scopeSeq: number, event: E, record: (delivered: Delivered<E>) => void): void;
  again(delivered: Delivered<E>): void;
  opened(scopeId: string): void;
  closed(scopeId: string): void;
  restored(state: RuntimeState<E>): void;
}

export class EventScope<E extends BusEvent> {
  readonly ref: ScopeRef;
  readonly #bus: ScopeBus<E>;
  readonly #record: RunRecord<E>;
  readonly #children = new Set<EventScope<E>>();
  readonly #parent: EventScope<E> | undefined;
  #scopeSeq = 0;
  #isClosed = false;

  constructor(ref: ScopeRef, bus: ScopeBus<E>, record: RunRecord<E>, parent: EventScope<E> | undefined) {
    bus.opened(ref.id);
    this.ref = ref;
    this.#bus = bus;
    this.#record = record;
    this.#parent = parent;
    if (parent !== undefined) parent.#children.add(this);
  }

  /** Opens a scope within this one. @throws where a scope with this id is open, or this one is closed */
  open(id: string): EventScope<E> {
    this.#refuseClosed();
    const ref = { id, parentId: this.ref.id, runId: this.ref.runId };
    return new EventScope<E>(ref, this.#bus, this.#record, this);
  }

  /** Synchronous handlers have taken the event when this returns. @throws where the scope is closed */
  emit(event: E): void {
    this.#refuseClosed();
    this.#bus.emit(this.ref, ++this.#scopeSeq, event, (delivered) => this.#record.add(delivered));
  }

  /** Closes this scope and those within it: nothing can be emitted in them any more. */
  close(): void {
    if (this.#isClosed) return;
    for (const child of this.#children) child.close();
    this.#isClosed = true;
    if (this.#parent !== undefined) this.#parent.#children.delete(this);
    this.#bus.closed(this.ref.id);
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new Error(`The scope ${this.ref.id} is closed`);
  }
}

export class RunScope<E extends BusEvent> extends EventScope<E> {
  readonly #ownBus: ScopeBus<E>;
  readonly #ownRecord: RunRecord<E>;

  constructor(id: string, isRecorded: (event: E) => boolean, bus: ScopeBus<E>) {
    const record = new RunRecord<E>(isRecorded);
    super({ id, parentId: undefined, runId: id }, bus, record, undefined);
    this.#ownBus = bus;
    this.#ownRecord = record;
  }

  /** Arms recording for this run; any number of times. */
  enableRecording(): void {
    this.#ownRecord.arm();
  }

  get isRecording(): boolean {
    return this.#ownRecord.isArmed;
  }

  /** What was recorded; undefined while recording is not armed, and as long as there is nothing. */
  get runtimeState(): RuntimeState<E> | undefined {
    return this.#ownRecord.state;
  }

  /**
   * Goes on from the record of an earlier run, and arms recording. Scopes that it knows are not registered again, and
   * numbers go on after its last one. @throws while a checkpoint is being written
   */
  setRuntimeState(state: RuntimeState<E>): void {
    this.#ownRecord.restore(state);
    this.#ownBus.restored(state);
  }

  /**
   * Drops what was recorded; recording stays armed. Not to be called in the middle of a run that may have to be resumed:
   * its finished steps would run again. Events that are being delivered meanwhile reach their handlers.
   * @throws while a checkpoint is being written, because what is dropped would be half of it
   */
  resetRuntimeState(): void {
    this.#ownRecord.reset();
  }

  /**
   * Delivers events of the restored state again, marked as replayed and without recording them; each of them once, however
   * often this is called. @returns how many
   */
  replay(isChosen: (event: E) => boolean): number {
    const chosen = this.#ownRecord.replay(isChosen);
    for (const delivered of chosen) this.#ownBus.again(delivered);
    return chosen.length;
  }

  /**
   * Has what was recorded since the last checkpoint written, one checkpoint at a time. Where writing fails the next
   * checkpoint holds it too, and this rejects with the same error. Does nothing while recording is not armed.
   * @param isFinal the run needs no further one: its record is dropped and recording is off, once this one is written
   */
  async storeCheckpoint(
    write: (fresh: RuntimeState<E>) => void | Promise<void>,
    { isFinal = false }: { readonly isFinal?: boolean } = {},
  ): Promise<void> {
    await this.#ownRecord.store(write, isFinal);
  }
}
