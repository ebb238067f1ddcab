// What the spans of a trace that grows tell of its session's state, kept from change to change: what `evidenceOfSpans` would
// say of all of them. Only odd records make times come down, and after these the columns are gone through once.

import { rowsPerStep, type Steps } from "../base/steps";
import { Highest, orLowest } from "./highest";
import type { LiveColumns } from "./liveColumns";
import { isRoot } from "./recordFold";
import type { SpanEvent, TraceSpan } from "./schema";
import { FLAG, kindCodes } from "./spanColumns";
import type { SpanEvidence } from "./spanEvidence";
import type { SpanSource } from "./spanSource";

const sessionKind = kindCodes.indexOf("session");
const generationKind = kindCodes.indexOf("generation");

/** What is kept of a session's root, of which there may be several. */
type Root = Pick<TraceSpan, "status" | "statusMessage" | "endTime">;

export class LiveEvidence {
  readonly #columns: LiveColumns;
  readonly #spans: Pick<SpanSource, "shortSpanAt" | "fieldAt">;
  readonly #roots = new Map<number, Root>();
  /** The latest time that each row names, events included. */
  #latest = new Float64Array(1024);
  /** The latest event of the spans with which it began; which of them has it is not known. */
  #eventMs: number;
  readonly #firstRows: number;
  /** A span that had it has lost it. */
  #isEventUnknown = false;
  readonly #eventHolders = new Set<number>();
  readonly #seenEvents = new WeakMap<readonly SpanEvent[], { count: number; latestMs: number }>();
  readonly #lastActivity = new Highest();
  readonly #lastStart = new Highest();
  readonly #lastAnswer = new Highest();
  #finishReason: string | undefined;
  #openSpans = 0;
  #openGenerations = 0;
  #evidence: SpanEvidence | undefined;

  private constructor(columns: LiveColumns, spans: Pick<SpanSource, "shortSpanAt" | "fieldAt">, latestEventMs: number) {
    this.#columns = columns;
    this.#spans = spans;
    this.#firstRows = columns.spans;
    this.#eventMs = latestEventMs;
  }

  /**
   * @param spans of the columns as they are
   * @param latestEventMs the latest time of an event of these, -Infinity for none
   */
  static *of(
    columns: LiveColumns,
    spans: Pick<SpanSource, "shortSpanAt" | "fieldAt">,
    latestEventMs: number,
  ): Steps<LiveEvidence> {
    const evidence = new LiveEvidence(columns, spans, latestEventMs);
    yield* evidence.#begin();
    return evidence;
  }

  *#begin(): Steps<void> {
    const columns = this.#columns;
    const { kind, parent } = columns;
    for (let row = 0; row < columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      const isOpen = columns.hasFlag(row, FLAG.open);
      if (isOpen) this.#countOpen(row, 1);
      const start = this.#startOf(row);
      this.#setLatest(row, Math.max(orLowest(start), orLowest(this.#endOf(row))));
      this.#lastStart.update(row, orLowest(start));
      this.#lastAnswer.update(row, this.#answerMs(row));
      if (kind[row] !== sessionKind || parent[row] !== -1 || columns.hasFlag(row, FLAG.cycleCut)) continue;
      const root = this.#spans.shortSpanAt(row);
      if (root !== undefined) this.#noteRoot(row, root);
    }
    this.#readAnswer();
  }

  /** To be called with a span of those with which it began before a record changes it. */
  beforeRecord(row: number, { events }: TraceSpan): void {
    if (row >= this.#firstRows || events === undefined || this.#isEventUnknown) return;
    // Whatever the record does to it: an event is seldom taken away, and then all have to be looked at.
    if (events.some(({ timeMs }) => timeMs >= this.#eventMs)) this.#eventHolders.add(row);
  }

  /** To be called before the columns of a row change, which may be a new one. */
  beforeChange(row: number): void {
    if (row < this.#columns.spans && this.#columns.hasFlag(row, FLAG.open)) this.#countOpen(row, -1);
  }

  /** To be called when they have. */
  afterChange(row: number, span: TraceSpan): void {
    this.#evidence = undefined;
    if (span.endTime === undefined) this.#countOpen(row, 1);
    this.#setLatest(row, Math.max(orLowest(span.startTime), orLowest(span.endTime), this.#latestEventOf(span)));
    if (this.#eventHolders.has(row) && this.#latestEventOf(span) < this.#eventMs) this.#isEventUnknown = true;
    this.#lastStart.update(row, orLowest(span.startTime));
    const isAnswer = span.kind === "generation" && span.endTime !== undefined;
    this.#lastAnswer.update(row, isAnswer ? orLowest(span.endTime) : Number.NEGATIVE_INFINITY);
    if (this.#lastAnswer.row === row) this.#finishReason = span.finishReason;
    if (isRoot(span)) this.#noteRoot(row, span);
    else this.#roots.delete(row);
  }

  get evidence(): SpanEvidence {
    this.#evidence ??= this.#find();
    return this.#evidence;
  }

  #find(): SpanEvidence {
    const { spans } = this.#columns;
    if (this.#lastActivity.isUnknown) this.#lastActivity.findAgain(spans, (row) => this.#latest[row] ?? 0);
    if (this.#lastStart.isUnknown) this.#lastStart.findAgain(spans, (row) => orLowest(this.#startOf(row)));
    if (this.#lastAnswer.isUnknown) {
      this.#lastAnswer.findAgain(spans, (row) => this.#answerMs(row));
      this.#readAnswer();
    }
    if (this.#isEventUnknown) this.#findEventAgain();
    const { root, isOpen } = this.#lastRoot();
    const lastActivityMs = Math.max(this.#lastActivity.value, this.#eventMs);
    // Whatever begins after an answer, such as a message, is work on the next one.
    const isLastWord = this.#lastAnswer.row >= 0 && this.#lastStart.value <= this.#lastAnswer.value;
    return {
      openSpans: this.#openSpans,
      openGenerations: this.#openGenerations,
      rootOpen: root && isOpen,
      rootStatus: root?.status,
      rootError: root?.statusMessage,
      rootEndMs: root?.endTime,
      finalFinishReason: isLastWord ? this.#finishReason : undefined,
      lastActivityMs: lastActivityMs === Number.NEGATIVE_INFINITY ? undefined : lastActivityMs,
    };
  }

  /** Several roots are runs one after another: the session is open while one is, and ended as the last one did. */
  #lastRoot(): { readonly root: Root | undefined; readonly isOpen: boolean } {
    let root: Root | undefined;
    let isOpen = false;
    const rows = this.#roots.size < 2 ? this.#roots.keys() : [...this.#roots.keys()].sort((a, b) => a - b);
    for (const row of rows) {
      const one = this.#roots.get(row);
      if (one === undefined) continue;
      if (one.endTime === undefined) isOpen = true;
      else if (root === undefined || !(one.endTime < (root.endTime ?? Number.NaN))) root = one;
      root ??= one;
    }
    return { root, isOpen };
  }

  #noteRoot(row: number, { status, statusMessage, endTime }: TraceSpan): void {
    this.#roots.set(row, { status, statusMessage, endTime });
  }

  #countOpen(row: number, by: number): void {
    this.#openSpans += by;
    if (this.#columns.kind[row] === generationKind) this.#openGenerations += by;
  }

  #setLatest(row: number, latest: number): void {
    if (row >= this.#latest.length) {
      const larger = new Float64Array(Math.max(this.#latest.length * 2, row + 1));
      larger.set(this.#latest);
      this.#latest = larger;
    }
    this.#latest[row] = latest;
    this.#lastActivity.update(row, latest);
  }

  #findEventAgain(): void {
    this.#isEventUnknown = false;
    this.#eventMs = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < this.#firstRows; row++) {
      const events = this.#spans.fieldAt(row, "events") as TraceSpan["events"];
      for (const { timeMs } of events ?? []) if (timeMs > this.#eventMs) this.#eventMs = timeMs;
    }
  }

  /** Events only come behind others, and a span may have 100,000 and get one more. */
  #latestEventOf({ events }: TraceSpan): number {
    if (events === undefined) return Number.NEGATIVE_INFINITY;
    const seen = this.#seenEvents.get(events) ?? { count: 0, latestMs: Number.NEGATIVE_INFINITY };
    this.#seenEvents.set(events, seen);
    for (; seen.count < events.length; seen.count++) {
      const timeMs = events[seen.count]?.timeMs ?? Number.NaN;
      if (timeMs > seen.latestMs) seen.latestMs = timeMs;
    }
    return seen.latestMs;
  }

  #readAnswer(): void {
    const { row } = this.#lastAnswer;
    this.#finishReason = row < 0 ? undefined : this.#spans.shortSpanAt(row)?.finishReason;
  }

  #answerMs(row: number): number {
    const isAnswer = this.#columns.kind[row] === generationKind && !this.#columns.hasFlag(row, FLAG.open);
    return isAnswer ? orLowest(this.#endOf(row)) : Number.NEGATIVE_INFINITY;
  }

  /** As the span tells it, which columns only have where it is possible. */
  #startOf(row: number): number | undefined {
    const start = this.#columns.startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? this.#spans.shortSpanAt(row)?.startTime : start;
  }

  #endOf(row: number): number | undefined {
    if (this.#columns.hasFlag(row, FLAG.open)) return undefined;
    const end = this.#columns.endMs[row] ?? Number.NaN;
    const isTold = !Number.isNaN(end) && !this.#columns.hasFlag(row, FLAG.negativeDuration);
    return isTold ? end : this.#spans.shortSpanAt(row)?.endTime;
  }
}
