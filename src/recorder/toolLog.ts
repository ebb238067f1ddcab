// Tool calls: reported as a whole when they are over, or begun and ended apart. A call that was begun and is then reported
// as a whole is one span, not two. This is the path that a recorded program takes most often.

import type { GenerationLog } from "./generationLog";
import { type OpenSpans, reportedTimes, spanIdOr } from "./openSpans";
import { errorText, fieldOf, hasNoJson, jsonOf, outputTextOf, quoted, textOf } from "./safeJson";
import type { SpanContext } from "./spanContext";
import { roundMs } from "./spanJson";
import { SpanTexts } from "./textLimit";
import { ToolLoops } from "./toolLoops";

export interface ToolCallPart {
  tool: string;
  callID: string;
  state:
    | {
        status: "completed";
        input: Record<string, unknown>;
        output: string;
        time: { start: number; end: number };
      }
    | {
        status: "error";
        input: Record<string, unknown>;
        error: string;
        time: { start: number; end: number };
      };
}

export interface ToolCallStart {
  tool: string;
  callID?: string;
  input?: unknown;
  parentSpanId?: string;
}

export type ToolCallEnd = { status: "completed"; output?: unknown } | { status: "error"; error: unknown };

const mostQuotedNames = 500;
const longName = 200;

export class ToolLog {
  readonly loops = new ToolLoops();
  /** The tool call that was begun or reported last. */
  lastSpanId: string | undefined;
  readonly #context: SpanContext;
  readonly #generation: GenerationLog;
  readonly #openSpans: OpenSpans;
  readonly #rootSpanId: string;
  readonly #quotedNames = new Map<string, string>();

  constructor(context: SpanContext, generation: GenerationLog, openSpans: OpenSpans) {
    this.#context = context;
    this.#generation = generation;
    this.#openSpans = openSpans;
    this.#rootSpanId = quoted(context.rootSpanId);
  }

  /** Throws where there is no part or no state. */
  log(part: ToolCallPart): void {
    const state = part.state as { status: unknown; input?: unknown; output?: unknown; error?: unknown; time?: unknown };
    const isError = state.status === "error";
    const callId = textOf(part.callID);
    const tool = textOf(part.tool) || "unknown";
    const said = (isError ? errorText(state.error) : outputTextOf(state.output)) ?? "";
    const inputJson = jsonOf(state.input ?? undefined);
    const times = reportedTimes(state.time);
    this.#generation.addResult(tool, said, isError);
    const begun = callId === undefined ? undefined : this.#openSpans.find(callId);
    if (begun !== undefined && begun.callId === callId) {
      const output = isError ? `{"error":${quoted(said)}}` : quoted(said);
      const statusMessage = isError ? said : undefined;
      this.#openSpans.end(begun, { isError, statusMessage, output, input: inputJson, ...times });
      return;
    }
    this.#count(tool, inputJson);
    const { recorder, ids, maxTextBytes } = this.#context;
    const texts = new SpanTexts(maxTextBytes);
    const endMs = times.endMs ?? Math.max(roundMs(recorder.nowMs()), times.startMs ?? 0);
    const startMs = times.startMs ?? endMs;
    const durationMs = endMs - startMs;
    const spanId = ids.next();
    const { spanId: generationId } = this.#generation;
    const parent = generationId === undefined ? this.#rootSpanId : `"${generationId}"`;
    let json = `{"spanId":"${spanId}","parentSpanId":${parent},"name":${this.#quotedName(tool)},"kind":"tool","startTime":${startMs},"endTime":${endMs},"status":${isError ? '"error"' : '"ok"'}`;
    if (isError) json += `,"statusMessage":${texts.text("statusMessage", said)}`;
    json +=
      callId === undefined
        ? `,"tool":{"durationMs":${durationMs}}`
        : `,"tool":{"callId":${quoted(callId)},"durationMs":${durationMs}}`;
    if (inputJson !== undefined) json += `,"input":${texts.json("input", inputJson)}`;
    json += isError ? `,"output":{"error":${texts.text("output", said)}}` : `,"output":${texts.text("output", said)}`;
    const { attributes } = texts;
    json += attributes === undefined ? "}" : `,"attributes":${attributes}}`;
    recorder.span(spanId, json, { kind: "tool", name: tool, isFailed: isError, durationMs });
    this.#context.attributes.note(spanId, attributes);
    this.lastSpanId = spanId;
  }

  begin(call: ToolCallStart): string {
    const tool = textOf(fieldOf(call, "tool")) || "unknown";
    const span = this.#openSpans.begin({
      name: tool,
      kind: "tool",
      parentSpanId: spanIdOr(fieldOf(call, "parentSpanId"), this.#generation.spanId ?? this.#context.rootSpanId),
      input: fieldOf(call, "input"),
      callId: textOf(fieldOf(call, "callID")),
    });
    this.#count(tool, span.inputJson);
    this.lastSpanId = span.spanId;
    return span.spanId;
  }

  end(id: string, result: ToolCallEnd): void {
    const span = this.#openSpans.find(id);
    if (span === undefined) return;
    const isError = fieldOf(result, "status") === "error";
    const value = fieldOf(result, isError ? "error" : "output");
    const said = (isError ? errorText(value) : outputTextOf(value)) ?? "";
    if (span.kind === "tool") this.#generation.addResult(span.name, said, isError);
    this.#openSpans.end(span, {
      isError,
      statusMessage: isError ? said : undefined,
      output: isError ? `{"error":${quoted(said)}}` : jsonOf(value),
    });
  }

  #count(tool: string, inputJson: string | undefined): void {
    this.#generation.addToolName(tool);
    this.#context.tally.addTool(tool);
    // Whether two inputs without JSON are equal is not known.
    if (inputJson === undefined || !hasNoJson(inputJson)) this.loops.add(tool, inputJson ?? "");
  }

  /** Programs use few tools and call them often. */
  #quotedName(name: string): string {
    const known = this.#quotedNames.get(name);
    if (known !== undefined) return known;
    const json = quoted(name);
    if (name.length <= longName && this.#quotedNames.size < mostQuotedNames) this.#quotedNames.set(name, json);
    return json;
  }
}
