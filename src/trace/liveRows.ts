// The rows of a trace of ours that grows: records are applied to spans, and what follows from these is brought up to date row
// by row. The work for a record does not depend on how many rows there are.

import type { Steps } from "../base/steps";
import { type FirstRows, GrowingRows, type KeysOfActions, type RowParts } from "./growingRows";
import type { JournalEntry } from "./journalReading";
import { LiveIds } from "./liveIds";
import { LiveSpans, type RecordPart, type RootEvent } from "./liveSpans";
import type { ProblemList } from "./problemList";
import { RecordFold } from "./recordFold";
import type { TraceMetadata } from "./schema";
import { FLAG, kindCodes } from "./spanColumns";

const sessionKind = kindCodes.indexOf("session");

export interface LiveRowsOptions {
  readonly problems: ProblemList;
  readonly replaceKnown: boolean;
  readonly keysOf: KeysOfActions;
}

export class LiveRows extends GrowingRows {
  readonly spans: LiveSpans;
  readonly #fold: RecordFold;
  #looked: number[] = [];

  /** With pauses in which others can be served. */
  static *of(first: FirstRows | undefined, options: LiveRowsOptions): Steps<LiveRows> {
    const spans = new LiveSpans(new LiveIds(first?.spans), first?.spans, options.replaceKnown);
    yield;
    return new LiveRows(first, options, spans, yield* GrowingRows.partsOf(first, spans, options.keysOf));
  }

  private constructor(first: FirstRows | undefined, options: LiveRowsOptions, spans: LiveSpans, parts: RowParts) {
    super(parts);
    this.spans = spans;
    this.#fold = new RecordFold(spans, firstRoot(parts.columns), first?.metadata ?? {}, options);
    spans.onHold = (row, span) => {
      this.beforeChange(row, span);
      this.#looked.push(row);
    };
  }

  get metadata(): TraceMetadata {
    return this.#fold.metadata;
  }

  addMetadata(metadata: TraceMetadata): void {
    this.#fold.metadata = { ...this.#fold.metadata, ...metadata };
  }

  /** The records that follow are of this part. Returns its number. */
  beginPart(part: RecordPart): number {
    this.#fold.beginIncarnation(part.incarnation, part.isOverruled);
    return this.spans.addPart(part);
  }

  /** The same for single records that are applied among others. */
  addPart(part: RecordPart): number {
    return this.spans.addPart(part);
  }

  /** `settle` has to be called before anything is asked. */
  apply(part: number, entry: JournalEntry): void {
    this.#fold.apply(entry);
    this.spans.noteRecord(part, entry);
  }

  addRootEvent(event: RootEvent): void {
    this.#fold.addRootEvent(event.type, event.timeMs, event.details, event.incarnation);
    this.spans.noteTold(event);
  }

  /** See `LiveSpans.setLastWord`. */
  setLastWord(event: RootEvent | undefined): boolean {
    const root = this.#fold.rootRow;
    return this.spans.setLastWord(event, root < 0 ? -1 : this.spans.rowOf(this.spans.idOf(root)));
  }

  /** Brings everything up to date with the records that were applied. */
  settle(): void {
    this.bringUpToDate(this.spans.takeChanged(), (row) => this.spans.held(row));
    this.spans.release();
    for (const row of this.#looked) if (this.spans.held(row) === undefined) this.letGo(row);
    this.#looked = [];
  }
}

/** The first row of a session without a parent; -1 where there is none. */
function firstRoot(columns: RowParts["columns"]): number {
  for (let row = 0; row < columns.spans; row++) {
    if (columns.kind[row] !== sessionKind || columns.parent[row] !== -1) continue;
    if (!columns.hasFlag(row, FLAG.cycleCut)) return row;
  }
  return -1;
}
