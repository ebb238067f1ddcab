// An event as handlers get it: what happened, in which scope, and as the how-manieth. Plain data that has JSON, so that it
// can be stored and delivered again.

export interface BusEvent {
  readonly type: string;
}

/** Something that happens within something else: a run, a step of it, an attempt of that. */
export interface ScopeRef {
  /** Unique while the scope is open. */
  readonly id: string;
  /** Undefined for a run. */
  readonly parentId: string | undefined;
  /** The outermost scope, which alone records. */
  readonly runId: string;
}

export interface Delivered<E extends BusEvent> {
  /** Grows with every event of the bus, by one unless a run was restored. */
  readonly seq: number;
  /** 1 for the first event of its scope. */
  readonly scopeSeq: number;
  readonly scope: ScopeRef;
  readonly timeMs: number;
  readonly event: E;
  /** It happened in an earlier run, and is delivered again. */
  readonly isReplayed: boolean;
}

export type EventOf<E extends BusEvent, T extends E["type"]> = Extract<E, { readonly type: T }>;
