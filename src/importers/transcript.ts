// What every transcript comes to: a session, messages of the person, answers of a model, and calls of tools, paired with
// their results. Nothing is made up: an end is a line that tells of it, and what no line tells of is missing.

import { cutText } from "../trace/plainText";
import type { TraceMetadata, TraceSpan } from "../trace/schema";
import { type HeldSpan, ImportedSpans, type LinePlace, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";

/** One record of a transcript. */
export interface TranscriptRecord {
  readonly fields: Fields;
  readonly at: LinePlace;
}

export interface TranscriptImporter {
  readonly spans: ImportedSpans;
  /** Takes one record. Never throws for what is in it. */
  take(record: TranscriptRecord): void;
  /** Set where the records are only those of one span, which are read again: others came before them. */
  wantedId: string | undefined;
  /** A record came after others that it should have come before, and was read in the wrong way. */
  readonly mustReadAnew: boolean;
  readonly sessionId: string | undefined;
  readonly metadata: TraceMetadata;
  /** As the program names the session; undefined where it has no name. */
  readonly title: string | undefined;
  /** The session waits for the person: something in the file says so. */
  readonly isWaiting: boolean;
  /** What was wrong with the record that was taken last. */
  takeComplaint(): Complaint | undefined;
}

export interface Complaint {
  /** Of equal ones only the first is told, with their number. */
  readonly key: string;
  readonly message: string;
  readonly severity: "warning" | "info";
}

/** Longer messages of errors are cut. */
export const longestMessage = 2_000;
export const strayResult = "The result of a tool call that is not in the file";

export interface SentCall {
  readonly callId: string;
  readonly name: string;
  readonly input: unknown;
  readonly parentId: string;
}

/** What importers of transcripts have in common: the root, the clock, calls, and complaints. */
export class TranscriptBase {
  readonly spans = new ImportedSpans();
  metadata: TraceMetadata = {};
  sessionId: string | undefined;
  isWaiting = false;
  mustReadAnew = false;
  wantedId: string | undefined;
  /** By the ids under which they were called. */
  protected readonly calls = new Map<string, HeldSpan>();
  /** Of the record before, for one that names no time. */
  protected lastMs = 0;
  #complaint: Complaint | undefined;

  takeComplaint(): Complaint | undefined {
    const complaint = this.#complaint;
    this.#complaint = undefined;
    return complaint;
  }

  protected complain(key: string, message: string, severity: Complaint["severity"] = "warning"): void {
    this.#complaint ??= { key, message, severity };
  }

  /** Time of a record; that of the one before it where it names none. */
  protected clock(timeMs: number | undefined, type: string): number {
    if (timeMs === undefined) this.complain(`no-time ${type}`, `A record of type ${type} names no time`);
    else this.lastMs = timeMs;
    return this.lastMs;
  }

  /** The session's span, which is open until something tells its end. */
  protected root(timeMs: number, at: LinePlace): HeldSpan {
    const known = this.spans.get(rootId);
    if (known !== undefined) {
      if (timeMs > 0 && (timeMs < known.startTime || known.startTime === 0)) this.spans.edit(known).startTime = timeMs;
      return known;
    }
    const root: TraceSpan = {
      spanId: rootId,
      parentSpanId: null,
      name: "session",
      kind: "session",
      startTime: timeMs,
      status: "ok",
    };
    return this.spans.add(root, at);
  }

  /** Something that happened at one moment. */
  protected addMoment(span: Omit<TraceSpan, "startTime" | "endTime">, timeMs: number, at: LinePlace): HeldSpan {
    return this.spans.add({ ...span, startTime: timeMs, endTime: timeMs } as TraceSpan, at);
  }

  /** Something that happened beside the conversation; an error where `error` says so, also without words. */
  protected addNote(spanId: string, name: string, timeMs: number, at: LinePlace, error?: string): HeldSpan {
    return this.spans.add(noteSpan(spanId, name, timeMs, error), at);
  }

  /** A call that begins; it is among `calls` from now on. */
  protected addCall({ callId, name, input, parentId }: SentCall, timeMs: number, at: LinePlace): HeldSpan {
    const span = this.spans.add(
      {
        spanId: callId,
        parentSpanId: parentId,
        name,
        kind: "tool",
        startTime: timeMs,
        status: "ok",
        tool: { callId },
        ...(input === undefined ? {} : { input }),
      },
      at,
    );
    this.calls.set(callId, span);
    return span;
  }

  /** A call of which nothing but its result is there. */
  protected addStrayCall(callId: string, parentId: string, timeMs: number, at: LinePlace): HeldSpan {
    this.complain("stray-result", strayResult);
    const span = this.addMoment(
      { spanId: callId, parentSpanId: parentId, name: "tool", kind: "tool", status: "ok", tool: { callId } },
      timeMs,
      at,
    );
    this.calls.set(callId, span);
    return span;
  }

  protected addMessage(id: string, parentId: string, input: unknown, timeMs: number, at: LinePlace): HeldSpan {
    return this.addMoment(
      { spanId: id, parentSpanId: parentId, name: "user message", kind: "user-message", status: "ok", input },
      timeMs,
      at,
    );
  }
}

/** Something that happened at one moment below the session; an error where `error` says so, also without words. */
export function noteSpan(spanId: string, name: string, timeMs: number, error?: string): TraceSpan {
  const isError = error !== undefined;
  return {
    spanId,
    parentSpanId: rootId,
    name,
    kind: "span",
    startTime: timeMs,
    endTime: timeMs,
    status: isError ? "error" : "ok",
    ...(isError && error !== "" ? { statusMessage: cutText(error, longestMessage) } : {}),
  };
}
