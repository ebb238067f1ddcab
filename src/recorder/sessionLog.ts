// One session as its program tells it, call by call, written to the session's recorder as spans. A value that a caller
// hands in is serialised before the call returns. What is missing altogether makes a call throw, for `Trace` to catch.

import type { TraceFile } from "../trace/schema";
import { CustomSpans } from "./customSpans";
import { GenerationLog } from "./generationLog";
import { countsText, narrate } from "./narrative";
import { OpenSpans } from "./openSpans";
import { errorText, finiteOf, jsonOfAttributes, quoted, textOf } from "./safeJson";
import type { SessionMetadata } from "./sessionMetadata";
import type { SessionEnd, SessionRecorder } from "./sessionRecorder";
import { SessionTally } from "./sessionTally";
import { SpanAttributes } from "./spanAttributes";
import type { SpanContext } from "./spanContext";
import { objectJson, roundMs } from "./spanJson";
import { cutToBytes, SpanTexts } from "./textLimit";
import { ToolLog } from "./toolLog";
import { describeLoops } from "./toolLoops";
import { SpanIds } from "./traceIds";

export type AttributeTarget = "tool" | "generation" | "session";

const crashedWithoutReason = "Process exited before trace completed";
const interruptedMessage =
  "interrupted: the recorder was started again before this step had ended, which is no failure";

export class SessionLog {
  readonly recorder: SessionRecorder;
  readonly metadata: SessionMetadata;
  readonly generation: GenerationLog;
  readonly tools: ToolLog;
  readonly spans: CustomSpans;
  readonly #context: SpanContext;

  private constructor(context: SpanContext, metadata: SessionMetadata) {
    const openSpans = new OpenSpans(context);
    this.recorder = context.recorder;
    this.metadata = metadata;
    this.#context = context;
    this.generation = new GenerationLog(context);
    this.tools = new ToolLog(context, this.generation, openSpans);
    this.spans = new CustomSpans(context, openSpans);
  }

  /** Begins the root span. */
  static start(recorder: SessionRecorder, metadata: SessionMetadata, name: string, maxTextBytes: number): SessionLog {
    const ids = new SpanIds();
    const rootSpanId = ids.next();
    const rootStartMs = roundMs(recorder.nowMs());
    const texts = new SpanTexts(maxTextBytes);
    const { prompt } = metadata.fields;
    const json = objectJson({
      spanId: quoted(rootSpanId),
      parentSpanId: "null",
      name: quoted(name),
      kind: '"session"',
      startTime: rootStartMs,
      input: prompt === undefined ? undefined : texts.text("input", prompt),
      attributes: texts.attributes,
    });
    recorder.begin(rootSpanId, json, { kind: "session", name });
    const tally = new SessionTally();
    const attributes = new SpanAttributes(recorder, rootSpanId);
    attributes.note(rootSpanId, texts.attributes);
    const context = { recorder, ids, tally, attributes, rootSpanId, rootName: name, rootStartMs, maxTextBytes };
    return new SessionLog(context, metadata);
  }

  /**
   * Opens the root span of a recorded trace again, and closes what was left open below it.
   * @param lastSignMs when the trace last gave a sign: what was open then ended at some later, unknown time
   */
  static resume(
    recorder: SessionRecorder,
    metadata: SessionMetadata,
    trace: TraceFile,
    lastSignMs: number | undefined,
    maxTextBytes: number,
  ): SessionLog {
    const root = sessionRoot(trace);
    if (root === undefined) throw new Error("The trace has no root");
    const { status: _status, statusMessage: _message, interrupted: _interrupted, ...begun } = root;
    const { endTime: _end, output: _output, events: _events, links: _links, ...fields } = begun;
    const tally = new SessionTally();
    tally.restore(trace);
    const attributes = new SpanAttributes(recorder, root.spanId);
    attributes.note(root.spanId, JSON.stringify(root.attributes));
    const context = {
      recorder,
      ids: new SpanIds(),
      tally,
      attributes,
      rootSpanId: root.spanId,
      rootName: root.name,
      rootStartMs: finiteOf(root.startTime) ?? recorder.nowMs(),
      maxTextBytes,
    };
    const log = new SessionLog(context, metadata);
    recorder.begin(root.spanId, JSON.stringify(fields), { kind: "session", name: root.name });
    const lastTool = trace.spans.findLast(({ kind }) => kind === "tool");
    log.tools.lastSpanId = lastTool?.spanId;
    if (lastTool !== undefined) attributes.note(lastTool.spanId, JSON.stringify(lastTool.attributes));
    for (const { spanId, kind, name, startTime, endTime } of trace.spans) {
      if (endTime !== undefined || spanId === root.spanId) continue;
      const signMs = finiteOf(lastSignMs) ?? recorder.nowMs();
      const startMs = finiteOf(startTime) ?? signMs;
      const endMs = Math.max(startMs, signMs);
      const statusMessage = quoted(interruptedMessage);
      const json = objectJson({ endTime: endMs, status: '"error"', statusMessage, interrupted: "true" });
      recorder.end(spanId, json, { kind, name, isFailed: false, durationMs: endMs - startMs });
    }
    const loops = trace.summary.loops ?? [];
    log.tools.loops.restore(loops.map(({ tool, inputHash = "", count }) => ({ tool, inputHash, count })));
    return log;
  }

  change(changes: Parameters<SessionMetadata["change"]>[0]): void {
    const json = this.metadata.change(changes);
    if (json !== undefined) this.recorder.metadata(json);
  }

  /** Text of a generation; one that comes while none is open is kept as an event of the session. */
  addText(given: unknown): void {
    const text = textOf(given);
    if (text === undefined || text === "" || this.generation.addText(text)) return;
    this.spans.addEvent(undefined, { name: "text", attributes: { text } });
  }

  /** An event of the session that is in the journal when this returns: the process may end right after it. */
  noteNow(name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.spans.addEvent(undefined, { name, attributes });
    this.recorder.appendNow();
  }

  setAttributes(attributes: Record<string, unknown>, target: AttributeTarget | undefined): void {
    const spanId = this.#spanOf(target);
    if (spanId !== undefined) this.#context.attributes.add(spanId, jsonOfAttributes(attributes));
  }

  /**
   * The end of the session as it is now, to be recorded once the exporters are done: until then a crash finds it open.
   * @param error anything; what counts as none ends the session well
   */
  prepareEnd(error: unknown): SessionEnd {
    const { tally, maxTextBytes } = this.#context;
    const { loops } = this.tools.loops;
    tally.loops = loops.length;
    const message = errorText(error);
    const root = this.#rootEnd(message, message === undefined ? countsText(tally) : `Error: ${message}`);
    const narrative = narrate(tally, root.totals.durationMs, message !== undefined);
    this.generation.leave();
    return {
      root,
      status: message === undefined ? "completed" : "error",
      error: message === undefined ? undefined : cutToBytes(message, maxTextBytes),
      summary: { loops: describeLoops(loops), narrative },
    };
  }

  /** Closes the root of a session that is still recorded, and records the crash. */
  crash(error: unknown, signal?: string): void {
    const { recorder } = this;
    const message = errorText(error);
    this.generation.leave();
    const { spanId, json, totals } = this.#rootEnd(message, undefined);
    recorder.end(spanId, json, totals);
    const reason = message ?? crashedWithoutReason;
    recorder.crash(cutToBytes(reason, this.#context.maxTextBytes), { signal });
  }

  #rootEnd(message: string | undefined, output: string | undefined): NonNullable<SessionEnd["root"]> {
    const { recorder, maxTextBytes, rootSpanId: spanId, rootName: name, rootStartMs } = this.#context;
    const endMs = roundMs(recorder.nowMs());
    const texts = new SpanTexts(maxTextBytes);
    const json = objectJson({
      endTime: endMs,
      status: message === undefined ? '"ok"' : '"error"',
      statusMessage: message === undefined ? undefined : texts.text("statusMessage", message),
      output: output === undefined ? undefined : texts.text("output", output),
    });
    this.#context.attributes.add(spanId, texts.attributes);
    const isFailed = message !== undefined;
    return { spanId, json, totals: { kind: "session", name, isFailed, durationMs: endMs - rootStartMs } };
  }

  #spanOf(target: AttributeTarget | undefined): string | undefined {
    const { rootSpanId } = this.#context;
    if (target === "session") return rootSpanId;
    if (target === "generation") return this.generation.spanId;
    if (target === "tool") return this.tools.lastSpanId;
    return this.tools.lastSpanId ?? this.generation.spanId ?? rootSpanId;
  }
}

/** The span that stands for the session. */
export function sessionRoot({ spans }: TraceFile): TraceFile["spans"][number] | undefined {
  return spans.find((span) => span.kind === "session" && span.parentSpanId === null);
}
