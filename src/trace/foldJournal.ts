// Journal records -> spans. A record is applied to its span by id, so applying one that the spans hold already changes
// nothing but appended texts and events, which the caller leaves out by sequence number. The spans handed in are not
// changed; a span is copied when the first record changes it.

import { assertNever } from "../base/assert";
import type { JournalEntry } from "./journalReading";
import type { JournalRecord } from "./journalRecord";
import type { ProblemList } from "./problemList";
import { repairSpan } from "./repairSpan";
import type { SpanEvent, TraceMetadata, TraceSpan } from "./schema";
import { isFields, isSoundSpan } from "./soundSpan";

/** Events that the journal's own records leave on the root span are named `tracekeeper.<record type>`. */
export const rootEventPrefix = "tracekeeper.";

/** Name of a span of which only later records were found. */
export const beginLost = "(its beginning is lost)";

export interface FoldOptions {
  readonly problems: ProblemList;
  /**
   * The first record that gives a span as a whole replaces what `spans` had under its id: for spans of a damaged
   * snapshot, when a journal that holds everything is applied from its start.
   */
  readonly replaceKnown?: boolean | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

export class JournalFold {
  readonly spans: TraceSpan[];
  metadata: TraceMetadata;
  readonly #options: FoldOptions;
  readonly #rowOfId = new Map<string, number>();
  /** Rows whose span object is ours to change. */
  readonly #owned = new Set<number>();
  #root = -1;
  #incarnation = 1;
  #lastSeq = -1;
  /** The records are older than the spans: what these say already is not changed by them. */
  #isOverruled = false;

  constructor(spans: readonly TraceSpan[], metadata: TraceMetadata, options: FoldOptions) {
    this.spans = spans.slice();
    this.metadata = metadata;
    this.#options = options;
    for (const [row, span] of spans.entries()) this.#register(span, row);
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
        return this.#change(record.id, (span) => assign(span, set), withoutNulls(set));
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
    const root = this.spans[this.#root];
    if (!root) return;
    const name = rootEventPrefix + type;
    // A crash happens once in an incarnation; its record, its marker and its recovery tell of the same one.
    const isKnown =
      type === "crash" &&
      root.events?.some((event) => event.name === name && event.attributes?.["incarnation"] === incarnation);
    if (isKnown === true) return;
    this.#addEvent(root.spanId, { name, timeMs, attributes: { ...details, incarnation } });
  }

  #begin(fields: Fields & { readonly spanId: string }, timeMs: number, isLate: boolean): void {
    const row = this.#rowOfId.get(fields.spanId);
    const known = row === undefined ? undefined : this.spans[row];
    const fresh = { ...blank, startTime: timeMs, ...fields };
    if (row === undefined || !known || this.#isReplaced(row)) {
      this.#put(row, fresh, fields);
    } else if (isLate || known.name === beginLost) {
      // What came after the beginning knows better, but for what it left out.
      this.#put(row, { ...fresh, ...withoutBlanks(known) }, fields);
    } else {
      this.#put(row, { ...reopened(known), ...fields }, fields);
    }
  }

  #whole(fields: Fields & { readonly spanId: string }, timeMs: number): void {
    const row = this.#rowOfId.get(fields.spanId);
    const known = row === undefined || this.#isReplaced(row) ? undefined : this.spans[row];
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
      withoutNulls(set),
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
    const row =
      this.#rowOfId.get(id) ?? this.#put(undefined, { ...blank, spanId: id, name: beginLost, startTime: Number.NaN });
    const known = this.spans[row];
    if (!known) return;
    const span = this.#owned.has(row) ? known : own(known);
    change(span);
    this.#put(row, span, said);
  }

  /**
   * Stores a span of ours and returns its row. It is mended where the fields just `said` are not sound: they alone are
   * checked, because a span may have 100,000 events and get one more.
   */
  #put(row: number | undefined, fields: Fields, said?: Fields): number {
    const at = row ?? this.spans.length;
    const isSound = said === undefined || isSoundSpan({ ...soundMinimum, ...said });
    const span = isSound
      ? (fields as TraceSpan)
      : repairSpan(fields, at, { problems: this.#options.problems, makeSpanId: (index) => `missing-${index}` });
    this.spans[at] = span;
    this.#owned.add(at);
    this.#register(span, at);
    return at;
  }

  #register(span: TraceSpan, row: number): void {
    if (!this.#rowOfId.has(span.spanId)) this.#rowOfId.set(span.spanId, row);
    if (this.#root < 0 && span.kind === "session" && span.parentSpanId === null) this.#root = row;
  }

  #isOverruledRoot(id: string): boolean {
    if (!this.#isOverruled) return false;
    const span = this.spans[this.#rowOfId.get(id) ?? -1];
    return span?.kind === "session" && span.parentSpanId === null;
  }

  /** True for a span of the damaged snapshot that no record has given as a whole yet. */
  #isReplaced(row: number): boolean {
    return this.#options.replaceKnown === true && !this.#owned.has(row);
  }
}

const blank = { parentSpanId: null, name: "(no name)", kind: "span", status: "ok" } as const;

const soundMinimum = { ...blank, spanId: "", startTime: 0 } as const;

/** What is known of a span, without what stands for the unknown. */
function withoutBlanks(span: TraceSpan): Fields {
  const said: Record<string, unknown> = { ...span };
  if (span.name === beginLost) delete said["name"];
  if (Number.isNaN(span.startTime)) delete said["startTime"];
  if (span.parentSpanId === null) delete said["parentSpanId"];
  if (span.kind === blank.kind) delete said["kind"];
  return said;
}

/** The span without what its end said. */
function reopened(span: TraceSpan): TraceSpan {
  const open: TraceSpan = { ...own(span), status: "ok" };
  delete open.endTime;
  delete open.statusMessage;
  delete open.interrupted;
  return open;
}

/** The fields without those that tell whether and how a span ended. */
function withoutOutcome(fields: Fields): Fields {
  const { endTime: _endTime, status: _status, statusMessage: _message, interrupted: _interrupted, ...rest } = fields;
  return rest;
}

function withoutNulls(fields: Fields): Fields {
  const said = { ...fields };
  for (const name of Object.keys(said)) if (said[name] === null) delete said[name];
  return said;
}

/** A copy that may be changed, with lists of its own. */
function own(span: TraceSpan): TraceSpan {
  const copy = { ...span };
  if (copy.events) copy.events = copy.events.slice();
  if (copy.links) copy.links = copy.links.slice();
  return copy;
}

/** Sets the fields in `target`; null takes one away. The id of a span never changes. */
function assign<T extends object>(target: T, fields: Fields): T {
  const into = target as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (name === "spanId" || name === "__proto__") continue;
    if (value === null && name !== "parentSpanId") delete into[name];
    else into[name] = value;
  }
  return target;
}

function appendText(span: TraceSpan, text: string): void {
  const { output } = span;
  if (output === undefined || typeof output === "string") span.output = (output ?? "") + text;
  else {
    const attributes = isFields(span.attributes) ? span.attributes : {};
    const before = attributes["tracekeeper.text"];
    span.attributes = { ...attributes, "tracekeeper.text": (typeof before === "string" ? before : "") + text };
  }
}

const frameFields: ReadonlySet<string> = new Set(["s", "w", "m", "i", "t", "c", "n", "o", "k"]);

/** What a record says beside its frame and type. */
function detailsOf(record: JournalRecord): Fields {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !frameFields.has(name)));
}
