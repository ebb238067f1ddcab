// The seam between how a session is read (whole, scanned, tailed) and what is made of it. A source reads, `OpenedTrace`
// numbers what changed and tells; a new way of reading is a new source and changes nothing else.

import type { Disposable } from "../base/disposable";
import type { Steps } from "../base/steps";
import type { Failures } from "../trace/failures";
import type { OutputReader } from "../trace/outputLines";
import type { Problem } from "../trace/problem";
import type { SpanColumns, SpanTree } from "../trace/spanColumns";
import type { SessionFacts, SpanSource } from "../trace/spanSource";
import type { SessionState } from "../trace/state";
import type { UsageColumns } from "./picture";

export interface FoundFailures {
  readonly failures: Failures;
  /** Rows of which `columns.flags` is other than before the call. */
  readonly changedRows: Uint32Array;
}

/** A session as it was read. */
export interface SessionReading {
  readonly session: SessionFacts;
  readonly spans: SpanSource;
  readonly columns: SpanColumns;
  readonly usage: UsageColumns;
  readonly tree: SpanTree;
  /** Problems of reading and of building the tree. */
  readonly problems: readonly Problem[];
  /** Undefined for a trace without a program's output. */
  readonly output: OutputReader | undefined;
  /** `columns.label` and `columns.outcome` are filled. */
  readonly hasTexts: boolean;
  /** Finds the failures under a state and sets their flags in `columns.flags`. Asked after each read, and when time changed the state. */
  findFailures(state: SessionState): Steps<FoundFailures>;
}

export type SessionUpdate =
  /** All was read. Whether rows keep their numbers is found out by comparing ids; only what differs is told. */
  | { readonly type: "anew"; readonly reading: SessionReading }
  /**
   * What the reading before gave still holds but for `changedRows`; rows behind its count are new. `spans` is the same
   * object, `columns.strings` has only grown, and new rows have their texts. Without changed and new rows only the facts
   * are other.
   */
  | { readonly type: "grown"; readonly reading: SessionReading; readonly changedRows: Uint32Array };

export interface SessionSource extends Disposable {
  /**
   * Reads what is new since the last call, all of it at the first. Not called again before it has settled.
   * @throws the system's error where the directory cannot be read, and the signal's reason
   */
  read(signal: AbortSignal): Promise<SessionUpdate>;
  /** The bytes of a span were gone: the next `read` trusts nothing of what was read before. */
  forget(): void;
}
