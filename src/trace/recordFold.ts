// Journal records -> spans, by the rules that recovery, whole reading and tailing share: they differ only in the table in
// which the spans stand. A record is applied to its span by id, so applying one that the spans hold already changes nothing
// but appended texts and events, which the caller leaves out by sequence number.

import { assertNever } from "../base/assert";
import type { JournalEntry } from "./journalReading";
import type { ProblemList } from "./problemList";
import {
  appendText,
  assign,
  beginLost,
  blank,
  detailsOf,
  type Fields,
  own,
  reopened,
  saidBy,
  soundMinimum,
  withoutBlanks,
  withoutNulls,
  withoutOutcome,
} from "./recordFields";
import { repairSpan } from "./repairSpan";
import type { SpanEvent, TraceMetadata, TraceSpan } from "./schema";
import { isSoundSpan } from "./soundSpan";

/** Events that the journal's own records leave on the root span are named `tracekeeper.<record type>`. */
export const rootEventPrefix = "tracekeeper.";

/** The spans to which records are applied, by row. */
export interface SpanTable {
  readonly count: number;
  /** The first row with this id; -1 where there is none. */
  rowOf(spanId: string): number;
  /** A span that is changed only where a record has given it to the table. */
  get(row: number): TraceSpan | undefined;
  /** True for a row that a record has put down. */
  isPut(row: number): boolean;
  /**
   * Takes over a span that a record made or changed; `row` is that of a span which is there, or `count`.
   * @param isMended it is not what records say
   */
  put(row: number, span: TraceSpan, isMended: boolean): void;
}

export interface FoldOptions {
  readonly problems: ProblemList;
  /**
   * The first record that gives a span as a whole replaces what was there under its id: for spans of a damaged snapshot,
   * when a journal that holds everything is applied from its start.
   */
  readonly replaceKnown?: boolean | undefined;
}

export class RecordFold {
  metadata: TraceMetadata;
  readonly #table: SpanTable;
  readonly #options: FoldOptions;
  #root: number;
  #incarnation = 1;
  #lastSeq = -1;
  /** The records are older than the spans: what these say already is not changed by them. */
  #isOverruled = false;

  /** @param rootRow the first row of a session without a parent; -1 where there is none yet */
  constructor(table: SpanTable, rootRow: number, metadata: TraceMetadata, options: FoldOptions) {
    this.#table = table;
    this.#root = rootRow;
    this.metadata = metadata;
    this.#options = options;
  }

  /** Row of the session's root span; -1 where there is none yet. */
  get rootRow(): number {
    return this.#root;
  }

  /**
   * The records that follow are another incarnation's, with sequence numbers of their own.
   * @param isOverruled they come from an older incarnation than what the spans hold: they add what is not known yet, but
   *   they open nothing again, and neither end a root of the session nor change how it ended
   */
  beginIncarnation(incarnation: number, isOverruled = false): void {
    this.#incarnation = incarnation;
    this.#isOverruled = isOverruled;
    this.#lastSeq = -1;
  }

  apply(entry: JournalEntry): void {
    const isLate = this.#isOverruled || entry.seq < this.#lastSeq;
    this.#lastSeq = Math.max(this.#lastSeq, entry.seq);
    const { record, timeMs } = entry;
    switch (record.t) {
      case "begin":
        return this.#begin(record.span, timeMs, isLate);
      case "span":
        return this.#whole(record.span, timeMs);
      case "end":
        return this.#end(record.id, record.set ?? {}, timeMs, isLate);
      case "set": {
        const set = this.#isOverruledRoot(record.id) ? withoutOutcome(record.set) : record.set;
        return this.#change(record.id, (span) => assign(span, set), saidBy(set));
      }
      case "attributes":
        return this.#change(record.id, (span) => {
          span.attributes = assign({ ...span.attributes }, record.attributes);
        });
      case "text":
        return this.#change(record.id, (span) => appendText(span, record.text));
      case "event":
        return this.#addEvent(record.id, { ...record.event, timeMs: record.event.timeMs ?? timeMs });
      case "link":
        return this.#change(record.id, (span) => {
          span.links ??= [];
          span.links.push(record.link);
        });
      case "metadata":
        this.metadata = this.#isOverruled
          ? { ...withoutNulls(record.metadata), ...this.metadata }
          : assign({ ...this.metadata }, record.metadata);
        return;
      case "heartbeat":
      case "finish":
        return;
      case "crash":
      case "waiting":
      case "resumed":
      case "clock-jump":
      case "degraded":
      case "dropped":
      case "process-exit":
        return this.addRootEvent(record.t, timeMs, detailsOf(record), this.#incarnation);
      default:
        return assertNever(record, "journal record");
    }
  }

  /** Puts an event on the session's root span, a crash once for each incarnation; without a root it does nothing. */
  addRootEvent(type: string, timeMs: number, details: Fields, incarnation: number): void {
    const root = this.#table.get(this.#root);
    if (!root || isCrashKnown(root, type, incarnation)) return;
    this.#addEvent(root.spanId, { name: rootEventPrefix + type, timeMs, attributes: { ...details, incarnation } });
  }

  #begin(fields: Fields & { readonly spanId: string }, timeMs: number, isLate: boolean): void {
    const row = this.#table.rowOf(fields.spanId);
    const known = this.#table.get(row);
    const fresh = { ...blank, startTime: timeMs, ...fields };
    if (!known || this.#isReplaced(row)) {
      this.#put(row, fresh, fields);
    } else if (isLate || known.name === beginLost) {
      // What came after the beginning knows better, but for what it left out.
      this.#put(row, { ...fresh, ...withoutBlanks(own(known)) }, fields);
    } else {
      this.#put(row, { ...reopened(known), ...fields }, fields);
    }
  }

  #whole(fields: Fields & { readonly spanId: string }, timeMs: number): void {
    const row = this.#table.rowOf(fields.spanId);
    const found = this.#isReplaced(row) ? undefined : this.#table.get(row);
    const known = found && own(found);
    const isRuled = this.#isOverruledRoot(fields.spanId);
    const said = isRuled ? withoutOutcome(fields) : fields;
    const knowsBetter = isRuled || (this.#isOverruled && known?.endTime !== undefined);
    const both = knowsBetter ? { ...said, ...known } : { ...known, ...said };
    this.#put(row, { ...blank, startTime: timeMs, ...both }, said);
  }

  #end(id: string, set: Fields, timeMs: number, isLate: boolean): void {
    if (this.#isOverruledRoot(id)) return;
    this.#change(
      id,
      (span) => {
        const isEnded = span.endTime !== undefined;
        if (isLate && isEnded) return;
        assign(span, set);
        if (set["endTime"] === undefined) span.endTime = timeMs;
      },
      saidBy(set),
    );
  }

  #addEvent(id: string, event: SpanEvent): void {
    this.#change(id, (span) => {
      span.events ??= [];
      span.events.push(event);
    });
  }

  /**
   * Lets `change` alter the span of this id, which is put down as one whose beginning is lost where nobody knows it.
   * @param said the fields that it sets, where they have not been checked yet
   */
  #change(id: string, change: (span: TraceSpan) => void, said?: Fields): void {
    const found = this.#table.rowOf(id);
    const row = found >= 0 ? found : this.#put(-1, { ...blank, spanId: id, name: beginLost, startTime: Number.NaN });
    const known = this.#table.get(row);
    if (!known) return;
    const span = this.#table.isPut(row) ? known : own(known);
    change(span);
    this.#put(row, span, said);
  }

  /**
   * Stores a span of ours and returns its row. It is mended where the fields just `said` are not sound: they alone are
   * checked, because a span may have 100,000 events and get one more.
   */
  #put(row: number, fields: Fields, said?: Fields): number {
    const at = row < 0 ? this.#table.count : row;
    const isSound = said === undefined || isSoundSpan({ ...soundMinimum, ...said });
    const span = isSound
      ? (fields as TraceSpan)
      : repairSpan(fields, at, { problems: this.#options.problems, makeSpanId: (index) => `missing-${index}` });
    this.#table.put(at, span, !isSound);
    if (this.#root < 0 && isRoot(span)) this.#root = at;
    return at;
  }

  #isOverruledRoot(id: string): boolean {
    if (!this.#isOverruled) return false;
    const span = this.#table.get(this.#table.rowOf(id));
    return span !== undefined && isRoot(span);
  }

  /** True for a span of the damaged snapshot that no record has given as a whole yet. */
  #isReplaced(row: number): boolean {
    return this.#options.replaceKnown === true && !this.#table.isPut(row);
  }
}

/** True for a span that stands for a run of the session. */
export function isRoot({ kind, parentSpanId }: Pick<TraceSpan, "kind" | "parentSpanId">): boolean {
  return kind === "session" && parentSpanId === null;
}

/** A crash happens once in an incarnation; its record, its marker and its recovery tell of the same one. */
export function isCrashKnown(root: TraceSpan, type: string, incarnation: number): boolean {
  if (type !== "crash" || root.events === undefined) return false;
  return root.events.some(
    ({ name, attributes }) => name === `${rootEventPrefix}crash` && attributes?.["incarnation"] === incarnation,
  );
}
