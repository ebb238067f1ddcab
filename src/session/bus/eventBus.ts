// The one bus of a process: all that happens in a session is an event on it. Every handler gets the events in the order in
// which they were emitted, also those that a handler emits, which come after the one that is being delivered. Synchronous
// handlers are called within `emit`, in the order in which they subscribed; asynchronous ones take one event at a time.
// A handler that throws harms no other. The bus itself keeps nothing of what has ended.

import { type Disposable, toDisposable } from "../../base/disposable";
import type { BusEvent, Delivered, EventOf, ScopeRef } from "./delivered";
import { HandlerQueue } from "./handlerQueue";
import { RunScope } from "./runScope";
import type { RuntimeState } from "./runtimeState";

/** The types of the events that a handler wants. */
export type Wanted<E extends BusEvent, T extends E["type"]> = readonly T[] | "all";

export interface EventBusOptions<E extends BusEvent> {
  nowMs(): number;
  /** Told what a handler threw. What this throws itself is dropped. */
  onHandlerError(error: unknown, handler: string, delivered: Delivered<E>): void;
  /** What everybody gets in place of the event, and what is recorded: the one place to mask what nobody may see. */
  prepare?(event: E): E;
  /** False for events that a resumed run does not need; all are recorded where it is left out. */
  isRecorded?(event: E): boolean;
}

interface Subscription<E extends BusEvent> {
  readonly name: string;
  readonly types: ReadonlySet<string> | undefined;
  readonly take: (delivered: Delivered<E>) => void;
  readonly queue: HandlerQueue<Delivered<E>> | undefined;
  /** What was emitted before it subscribed is not for it. */
  readonly afterSeq: number;
  isActive: boolean;
}

export class EventBus<E extends BusEvent> {
  readonly #options: EventBusOptions<E>;
  readonly #subscriptions = new Set<Subscription<E>>();
  readonly #openIds = new Set<string>();
  #pending: Delivered<E>[] = [];
  #isDelivering = false;
  #seq = 0;

  constructor(options: EventBusOptions<E>) {
    this.#options = options;
  }

  /** @param name for the report of what it throws */
  on<T extends E["type"]>(
    name: string,
    types: Wanted<E, T>,
    handle: (delivered: Delivered<EventOf<E, T>>) => void,
  ): Disposable {
    return this.#subscribe(name, types, handle as (delivered: Delivered<E>) => void, undefined);
  }

  /** The handler gets the next event when its promise of the one before has settled; see `settled`. */
  onAsync<T extends E["type"]>(
    name: string,
    types: Wanted<E, T>,
    handle: (delivered: Delivered<EventOf<E, T>>) => Promise<void>,
  ): Disposable {
    const queue = new HandlerQueue<Delivered<E>>(
      handle as (delivered: Delivered<E>) => Promise<void>,
      (error, delivered) => this.#tell(error, name, delivered),
    );
    return this.#subscribe(name, types, (delivered) => queue.add(delivered), queue);
  }

  /** Opens the scope of a run. @throws where a scope with this id is open */
  openRun(id: string): RunScope<E> {
    const isRecorded = this.#options.isRecorded?.bind(this.#options) ?? (() => true);
    return new RunScope<E>(id, isRecorded, {
      emit: (scope, scopeSeq, event, record) => this.#emit(scope, scopeSeq, event, record),
      again: (delivered) => this.#deliver({ ...delivered, isReplayed: true }),
      opened: (scopeId) => this.#open(scopeId),
      closed: (scopeId) => this.#openIds.delete(scopeId),
      restored: (state) => this.#goOnAfter(state),
    });
  }

  /** Resolves when the asynchronous handlers have taken all that was emitted before; never rejects. */
  async settled(): Promise<void> {
    await Promise.all([...this.#subscriptions].map(({ queue }) => queue?.idle()));
  }

  #subscribe(
    name: string,
    types: readonly string[] | "all",
    take: (delivered: Delivered<E>) => void,
    queue: HandlerQueue<Delivered<E>> | undefined,
  ): Disposable {
    const wanted = types === "all" ? undefined : new Set(types);
    const subscription = { name, types: wanted, take, queue, afterSeq: this.#seq, isActive: true };
    this.#subscriptions.add(subscription);
    return toDisposable(() => {
      subscription.isActive = false;
      this.#subscriptions.delete(subscription);
      queue?.clear();
    });
  }

  #open(scopeId: string): void {
    if (this.#openIds.has(scopeId)) throw new Error(`A scope with the id ${scopeId} is open already`);
    this.#openIds.add(scopeId);
  }

  #emit(scope: ScopeRef, scopeSeq: number, given: E, record: (delivered: Delivered<E>) => void): void {
    const event = this.#options.prepare?.(given) ?? given;
    const delivered = { seq: ++this.#seq, scopeSeq, scope, timeMs: this.#options.nowMs(), event, isReplayed: false };
    // Before any handler: the one that writes a checkpoint finds in the record what it is told of.
    record(delivered);
    this.#deliver(delivered);
  }

  #deliver(delivered: Delivered<E>): void {
    this.#pending.push(delivered);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      // A handler that emits adds to the list while it is gone through.
      for (let at = 0; at < this.#pending.length; at++) {
        const next = this.#pending[at];
        if (next !== undefined) this.#handOut(next);
      }
    } finally {
      this.#pending = [];
      this.#isDelivering = false;
    }
  }

  #handOut(delivered: Delivered<E>): void {
    for (const subscription of [...this.#subscriptions]) {
      const { name, types, take, afterSeq } = subscription;
      if (!subscription.isActive || (types !== undefined && !types.has(delivered.event.type))) continue;
      if (!delivered.isReplayed && delivered.seq <= afterSeq) continue;
      try {
        take(delivered);
      } catch (error) {
        this.#tell(error, name, delivered);
      }
    }
  }

  #tell(error: unknown, handler: string, delivered: Delivered<E>): void {
    try {
      this.#options.onHandlerError(error, handler, delivered);
    } catch {
      // There is nobody left to tell.
    }
  }

  /** Numbers that a restored run has used are not given a second time. */
  #goOnAfter({ events }: RuntimeState<E>): void {
    for (const { seq } of events) if (seq > this.#seq) this.#seq = seq;
  }
}
