// The drop-in `Trace`: names, parameters and results of altimate-code's recorder (v0.8.10), and calls of ours beside them.
// No call throws into the program, whatever it is given and in whatever order; what a caller owns is neither changed nor
// kept. Where a call does otherwise than the one it replaces, docs/trace-format.md says so.

import type { EventPart, LinkPart, SpanEnd, SpanPart, SpanStart } from "./customSpans";
import { defaultTracesDirectory, FileExporter } from "./fileExporter";
import type { StepFinishPart } from "./generationLog";
import { fieldOf, finiteOf, textOf } from "./safeJson";
import type { AttributeTarget, SessionLog } from "./sessionLog";
import type { StartMetadata } from "./sessionMetadata";
import type { SessionHealth } from "./sessionRecorder";
import type { ToolCallEnd, ToolCallPart, ToolCallStart } from "./toolLog";
import { type ListedTrace, listTraces, listTracesPaginated, loadTrace, type TracePage } from "./traceDirectory";
import { makeTraceId } from "./traceIds";
import { TraceSession, type TraceSetup } from "./traceSession";
import type { TraceExporter, TraceFile } from "./traceTypes";

export class Trace {
  static #active: Trace | null = null;
  readonly #setup: TraceSetup;
  #session: TraceSession | undefined;
  /** Counts sessions, so that a slow rehydration does not take the place of what was begun meanwhile. */
  #sessions = 0;

  private constructor(setup: TraceSetup) {
    this.#setup = setup;
  }

  /** With the default FileExporter and the extra ones. */
  static create(extraExporters: TraceExporter[] = []): Trace {
    return new Trace(setUp([new FileExporter(), ...listOf(extraExporters)], undefined));
  }

  /**
   * With exactly these exporters; the first FileExporter decides where sessions are recorded.
   * @param options `maxFiles` in place of that exporter's own limit
   */
  static withExporters(exporters: TraceExporter[], options?: { maxFiles?: number }): Trace {
    return new Trace(setUp(listOf(exporters), finiteOf(fieldOf(options, "maxFiles"))));
  }

  /** The trace that the program has set as its current one. */
  static get active(): Trace | null {
    return Trace.#active;
  }

  static setActive(trace: Trace | null): void {
    Trace.#active = trace;
  }

  /** Where traces are kept by default, or `dir`. */
  static getTracesDir(dir?: string): string {
    return typeof dir === "string" ? dir : defaultTracesDirectory();
  }

  /** The readable traces of a directory, the newest start first. */
  static async listTraces(dir?: string): Promise<ListedTrace[]> {
    return await listTraces(Trace.getTracesDir(dir));
  }

  static async listTracesPaginated(dir?: string, options?: { offset?: number; limit?: number }): Promise<TracePage> {
    return await listTracesPaginated(Trace.getTracesDir(dir), options);
  }

  /** Null where there is no such trace. */
  static async loadTrace(sessionId: string, dir?: string): Promise<TraceFile | null> {
    return await loadTrace(sessionId, Trace.getTracesDir(dir));
  }

  /** Begins a session. One that is still recorded ends with it. */
  startTrace(sessionId: string, metadata: StartMetadata): void {
    this.#quietly(() => {
      this.#sessions++;
      this.#session?.leave();
      this.#session = TraceSession.start(this.#setup, textOf(sessionId) || "unknown", metadata);
    });
  }

  /**
   * Goes on with the session as its files hold it: same trace id, spans, totals and metadata. What was under way when the
   * files were written is closed as interrupted.
   * @returns false where there is no sound trace of the session, or where another one was begun meanwhile
   */
  async rehydrateFromFile(sessionId: string): Promise<boolean> {
    const rawId = textOf(sessionId) || "unknown";
    if (this.#session?.log !== undefined && this.#session.rawId === rawId) return true;
    const begun = ++this.#sessions;
    try {
      const session = await TraceSession.resume(this.#setup, rawId, () => begun === this.#sessions);
      if (session === undefined) return false;
      this.#session?.leave();
      this.#session = session;
      return true;
    } catch {
      return false;
    }
  }

  /** What the first answer tells of the model. */
  enrichFromAssistant(info: { modelID?: string; providerID?: string; agent?: string; variant?: string }): void {
    this.#record((log) => {
      const providerId = textOf(info.providerID);
      const modelId = textOf(info.modelID);
      const model = modelId ? `${providerId ?? ""}/${modelId}` : undefined;
      log.change({ model, providerId, agent: textOf(info.agent), variant: textOf(info.variant) });
    });
  }

  setTitle(title: string, prompt?: string): void {
    this.#record((log) => log.change({ title: textOf(title), prompt: textOf(prompt) }));
  }

  setPrompt(prompt: string): void {
    this.#record((log) => log.change({ prompt: textOf(prompt) }));
  }

  logUserMessage(text: string): void {
    this.#record((log) => log.spans.addUserMessage(text));
  }

  /** Opens a generation; what tools gave back since the last one is its input. */
  logStepStart(part: { id: string }): void {
    this.#record((log) => log.generation.start(part, log.metadata.fields));
  }

  /** Text of the open generation. */
  logText(part: { text: string }): void {
    this.#record((log) => log.addText(part.text));
  }

  /** Closes the open generation. */
  logStepFinish(part: StepFinishPart): void {
    this.#record((log) => log.generation.finish(part));
  }

  /** A tool call that is over. One that was begun with the same `callID` ends with it. */
  logToolCall(part: ToolCallPart): void {
    // The call that programs make most often: without a closure.
    const log = this.#session?.log;
    if (log === undefined) return;
    try {
      log.tools.log(part);
    } catch (error) {
      this.#session?.problem(notRecorded, error);
    }
  }

  /** A span under the root that is over. */
  logSpan(span: SpanPart): void {
    this.#record((log) => log.spans.add(span));
  }

  /**
   * Adds attributes to a span. What has no JSON becomes text.
   * @param target the last tool call, the open generation or the root; the first of these that there is where left out
   */
  setSpanAttributes(attrs: Record<string, unknown>, target?: AttributeTarget): void {
    this.#record((log) => log.setAttributes(attrs, target));
  }

  /** Begins a tool call. @returns its span's id, "" where no session is recorded */
  startToolCall(call: ToolCallStart): string {
    return this.#record((log) => log.tools.begin(call)) ?? "";
  }

  /** Ends a tool call that was begun. @param id its `callID` or its span's id */
  endToolCall(id: string, result: ToolCallEnd): void {
    this.#record((log) => log.tools.end(id, result));
  }

  /** Begins a span. @returns its id, "" where no session is recorded */
  startSpan(span: SpanStart): string {
    return this.#record((log) => log.spans.begin(span)) ?? "";
  }

  /** Ends a span that was begun. */
  endSpan(spanId: string, end?: SpanEnd): void {
    this.#record((log) => log.spans.end(spanId, end));
  }

  /** Adds an event to a span of this trace, to the root where the id is left out. */
  addEvent(spanId: string | undefined, event: EventPart): void {
    this.#record((log) => log.spans.addEvent(spanId, event));
  }

  /** Adds a link to another span to a span of this trace, to the root where the id is left out. */
  addLink(spanId: string | undefined, link: LinkPart): void {
    this.#record((log) => log.spans.addLink(spanId, link));
  }

  /** The session waits for something from outside, until `resumed`. */
  waiting(reason: string): void {
    this.#record((log) => log.recorder.note("waiting", { reason: textOf(reason) ?? "" }));
  }

  resumed(): void {
    this.#record((log) => log.recorder.note("resumed", {}));
  }

  /**
   * Records how the process ends: by a signal, an uncaught exception or rejection, or an exit before `endTrace`. What the
   * program itself does about these stays as it is. The handlers go with the session.
   * @returns removes them at once
   */
  handleProcessEnd(): () => void {
    const session = this.#session;
    return (
      this.#quietly(() =>
        session?.handleProcessEnd({
          crash: (reason, signal) => session.crash(reason, signal),
          note: (name, attributes) => this.#record((log) => log.noteNow(name, attributes)),
          idle: () => void this.flush(),
        }),
      ) ?? (() => undefined)
    );
  }

  /** Whether what is logged reaches the disk. */
  get health(): SessionHealth {
    return this.#session?.health ?? { state: "ok", droppedRecords: 0 };
  }

  /** Path of the session's `S.json`; undefined before the start and without a FileExporter. */
  getTracePath(): string | undefined {
    return this.#session?.path;
  }

  /** Resolves when what was logged before is safe on the disk; rejects with the system's error where it can't be. */
  sync(): Promise<void> {
    const synced = this.#session?.sync() ?? Promise.resolve();
    // A caller that does not wait must not end by an unhandled rejection.
    synced.catch(() => undefined);
    return synced;
  }

  /** Resolves when `S.json` holds what was logged before, or where it can't be written; see `health`. Never rejects. */
  async flush(): Promise<void> {
    try {
      await this.#session?.flush();
    } catch (error) {
      this.#session?.problem("The trace could not be flushed", error);
    }
  }

  /**
   * Ends the session and hands it to the exporters, each with 5 s of time. After a crash it only returns the path.
   * @returns the first result, in the order of the exporters. Never rejects; a second call gets the same.
   */
  endTrace(error?: string): Promise<string | undefined> {
    return this.#session?.end(error) ?? Promise.resolve(undefined);
  }

  /** Makes the session safe as crashed before it returns. Does nothing before the start and after the end. */
  flushSync(error?: string): void {
    this.#quietly(() => this.#session?.crash(error));
  }

  #record<T>(action: (log: SessionLog) => T): T | undefined {
    const log = this.#session?.log;
    return log === undefined ? undefined : this.#quietly(() => action(log));
  }

  #quietly<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#session?.problem(notRecorded, error);
      return undefined;
    }
  }
}

export { Trace as Recap, Trace as Tracer };

const notRecorded = "A call could not be recorded";

function setUp(exporters: readonly TraceExporter[], maxFiles: number | undefined): TraceSetup {
  const recording = exporters.find((exporter) => exporter instanceof FileExporter);
  return { traceId: makeTraceId(Date.now()), exporters, recording, maxFiles };
}

function listOf(exporters: unknown): readonly TraceExporter[] {
  try {
    return Array.isArray(exporters) ? exporters.filter(isExporter) : [];
  } catch {
    return [];
  }
}

function isExporter(value: unknown): value is TraceExporter {
  try {
    // One that can't even be asked what it is would do harm later.
    return typeof value === "object" && value !== null && typeof (value instanceof FileExporter) === "boolean";
  } catch {
    return false;
  }
}
