// A session recorder that keeps its records in memory and holds every caller to the contract of `SessionRecorder`: JSON is
// compact and whole, an end repeats nothing of the beginning, and no record is about a span that nobody began.

import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { SessionEnd, SessionRecorder, SpanBeginFacts, SpanTotals } from "../../src/recorder/sessionRecorder";
import type { OpenSession, SessionRequest } from "../../src/recorder/sessionRequest";
import { JournalFold } from "../../src/trace/foldJournal";
import { isRecordType, toRecord } from "../../src/trace/journalRecord";
import { ProblemList } from "../../src/trace/problemList";
import { safeId } from "../../src/trace/safeId";
import { type TraceFile, traceFileSchema } from "../../src/trace/schema";
import { summariseSpans } from "../../src/trace/traceSummary";

type Fields = Readonly<Record<string, unknown>>;

const firstMs = 1_795_167_000_000;
const notAtTheBeginning = ["status", "statusMessage", "endTime", "output", "events", "links"];

export class MemoryRecorder implements SessionRecorder {
  readonly safeId: string;
  readonly rawId: string;
  readonly traceId: string;
  readonly incarnation = 1;
  readonly path: string;
  phase: "recording" | "ended" | "crashed" = "recording";
  health = { state: "ok", droppedRecords: 0 } as const;
  readonly request: SessionRequest;
  /** Types of all records, in their order. */
  readonly log: string[] = [];
  reason: string | undefined;
  end_: SessionEnd | undefined;
  syncs = 0;
  /** Called by `source` before it answers. */
  onSource: (() => Promise<void>) | undefined;
  disposed = 0;
  readonly #fold: JournalFold;
  readonly #problems = new ProblemList();
  readonly #begun = new Map<string, Fields>();
  readonly #open = new Set<string>();
  readonly #known = new Set<string>();
  #clockMs = firstMs;

  constructor(request: SessionRequest) {
    this.request = request;
    this.rawId = request.sessionId;
    this.safeId = safeId(request.sessionId);
    this.traceId = request.traceId;
    this.path = join(request.directory, `${this.safeId}.json`);
    this.#fold = new JournalFold([], request.metadata, { problems: this.#problems });
  }

  nowMs(): number {
    this.#clockMs += 0.25;
    return this.#clockMs;
  }

  begin(spanId: string, json: string, facts: SpanBeginFacts): void {
    const span = parse(json);
    check(!this.#known.has(spanId), `${spanId} begins once`);
    check(span["spanId"] === spanId && span["kind"] === facts.kind && span["name"] === facts.name, "facts");
    for (const name of notAtTheBeginning) check(!(name in span), `${name} is not known at the beginning`);
    const { replacedByEnd = "" } = facts;
    check(json.endsWith(`${replacedByEnd}}`), "what the end says again stands last");
    this.#begun.set(spanId, parse(`${json.slice(0, -replacedByEnd.length - 1)}}`));
    this.#open.add(spanId);
    this.#known.add(spanId);
    this.#record({ t: "begin", span });
  }

  end(spanId: string, json: string, totals: SpanTotals): void {
    const set = parse(json);
    check(this.#open.delete(spanId), `${spanId} is open when it ends`);
    const begun = this.#begun.get(spanId) ?? {};
    for (const name of Object.keys(set)) check(!(name in begun), `${name} was in the beginning`);
    check(typeof set["endTime"] === "number" && (set["status"] === "ok" || set["status"] === "error"), "end");
    checkTotals(totals);
    this.#record({ t: "end", id: spanId, set });
  }

  span(spanId: string, json: string, totals: SpanTotals): void {
    const span = parse(json);
    check(span["spanId"] === spanId && !this.#known.has(spanId), `${spanId} is new`);
    check(span["kind"] === totals.kind && span["name"] === totals.name, "totals");
    check(typeof span["startTime"] === "number" && typeof span["endTime"] === "number", "times");
    checkTotals(totals);
    this.#known.add(spanId);
    this.#record({ t: "span", span });
  }

  set(spanId: string, json: string): void {
    this.#about(spanId, { t: "set", id: spanId, set: parse(json) });
  }

  attributes(spanId: string, json: string): void {
    this.#about(spanId, { t: "attributes", id: spanId, attributes: parse(json) });
  }

  event(spanId: string, json: string): void {
    this.#about(spanId, { t: "event", id: spanId, event: parse(json) });
  }

  link(spanId: string, json: string): void {
    this.#about(spanId, { t: "link", id: spanId, link: parse(json) });
  }

  text(spanId: string, text: string): void {
    check(typeof text === "string" && text !== "", "text");
    this.#about(spanId, { t: "text", id: spanId, text });
  }

  metadata(json: string): void {
    const metadata = parse(json);
    const changed = Object.entries(metadata).filter(([name, value]) => this.#fold.metadata[name] !== value);
    check(changed.length === Object.keys(metadata).length && changed.length > 0, "only what changes is written");
    this.#record({ t: "metadata", metadata });
  }

  note(type: "waiting" | "resumed" | "process-exit", fields: Fields): void {
    this.#record({ ...fields, t: type });
  }

  appendNow(): void {}

  stopSnapshots(): void {}

  async sync(): Promise<void> {
    this.syncs++;
  }

  async flush(): Promise<void> {}

  async finish(end: SessionEnd): Promise<string | undefined> {
    await Promise.resolve();
    if (this.phase !== "recording") return this.path;
    if (end.root) this.end(end.root.spanId, end.root.json, end.root.totals);
    this.end_ = end;
    this.log.push("finish");
    this.phase = "ended";
    return this.path;
  }

  crash(reason: string): void {
    if (this.phase !== "recording") return;
    this.phase = "crashed";
    this.reason = reason;
    this.log.push("crash");
  }

  async source(end: SessionEnd) {
    await this.onSource?.();
    const trace = this.trace(end);
    const root = trace.spans.find(({ spanId }) => spanId === end.root?.spanId);
    if (root && end.root) Object.assign(root, parse(end.root.json));
    const bytes = Buffer.from(JSON.stringify(trace));
    return {
      sessionId: this.rawId,
      sizeBytes: bytes.length,
      open: async function* () {
        for (let at = 0; at < bytes.length; at += 1_000) yield Uint8Array.from(bytes.subarray(at, at + 1_000));
      },
      dispose: async () => {
        this.disposed++;
      },
    };
  }

  /** The trace that the records make, checked against the schema. */
  trace(end: SessionEnd | undefined = this.end_): TraceFile {
    check(this.#problems.toArray().length === 0, JSON.stringify(this.#problems.toArray()));
    const status = this.phase === "crashed" ? "crashed" : (end?.status ?? "running");
    const error = this.reason ?? end?.error;
    const trace = JSON.parse(
      JSON.stringify({
        version: 2,
        traceId: this.traceId,
        sessionId: this.safeId,
        startedAt: new Date(firstMs).toISOString(),
        metadata: this.#fold.metadata,
        spans: this.#fold.spans,
        summary: { totalCost: 0, ...summariseSpans(this.#fold.spans), ...end?.summary, status, error },
        writer: { instance: "memory", incarnation: 1, seq: this.log.length, offsetBytes: 0 },
      }),
    ) as TraceFile;
    return traceFileSchema.parse(trace);
  }

  #about(spanId: string, record: Fields): void {
    check(this.#known.has(spanId), `${spanId} was begun by somebody`);
    this.#record(record);
  }

  #record(fields: Fields): void {
    const type = String(fields["t"]);
    const record = isRecordType(type) ? toRecord(type, fields) : undefined;
    if (record === undefined) throw new ContractError(`No record: ${JSON.stringify(fields)}`);
    if (this.phase === "ended") return;
    this.log.push(type);
    const at = { seq: this.log.length, timeMs: this.nowMs(), wallMs: this.#clockMs, offsetBytes: 0, endBytes: 0 };
    this.#fold.apply({ ...at, record });
  }
}

/** What a caller did wrong, whatever the program's own calls do with errors. */
export const contractErrors: ContractError[] = [];

class ContractError extends Error {
  constructor(message: string) {
    super(message);
    contractErrors.push(this);
  }
}

/** Recorders in memory, in the order in which they were opened. */
export function memorySessions(): { readonly recorders: MemoryRecorder[]; readonly openSession: OpenSession } {
  const recorders: MemoryRecorder[] = [];
  const openSession: OpenSession = (request) => {
    const recorder = new MemoryRecorder(request);
    recorders.push(recorder);
    return recorder;
  };
  return { recorders, openSession };
}

function parse(json: string): Fields {
  const value = JSON.parse(json) as Fields;
  check(JSON.stringify(value) === json, `compact and without a field that stands twice: ${json}`);
  return value;
}

function checkTotals(totals: SpanTotals): void {
  check(Number.isFinite(totals.durationMs), "duration");
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw new ContractError(message);
}
