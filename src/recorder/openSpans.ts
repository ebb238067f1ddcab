// Spans that have begun and not ended, for callers that tell of both. Memory is that of the open spans alone.

import { isPossibleTime } from "../trace/possibleTime";
import { fieldOf, finiteOf, jsonOf, jsonOfAttributes, quoted, textOf } from "./safeJson";
import type { SpanTotals } from "./sessionRecorder";
import type { SpanContext } from "./spanContext";
import { mergedJson, objectJson, QuotedText, roundMs } from "./spanJson";
import { SpanTexts } from "./textLimit";

export interface OpenSpan {
  readonly spanId: string;
  readonly kind: SpanTotals["kind"];
  readonly name: string;
  readonly startMs: number;
  /** As it stands in the span. */
  readonly inputJson: string | undefined;
  readonly callId: string | undefined;
  readonly texts: SpanTexts;
}

export interface SpanBeginning {
  readonly name: string;
  readonly kind: SpanTotals["kind"];
  readonly parentSpanId: string;
  readonly input: unknown;
  readonly attributes?: unknown;
  readonly callId?: string | undefined;
}

export interface SpanEnding {
  readonly isError: boolean;
  readonly statusMessage?: string | undefined;
  /** JSON, not cut yet. */
  readonly output?: string | undefined;
  readonly attributes?: unknown;
  /** Where the caller knows them better than the clock. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  readonly input?: string | undefined;
}

export class OpenSpans {
  readonly #context: SpanContext;
  readonly #spans = new Map<string, OpenSpan>();
  readonly #spanOfCall = new Map<string, string>();
  /** Programs use few names, and one parent for many spans. */
  readonly #names = new QuotedText();
  readonly #parents = new QuotedText();

  constructor(context: SpanContext) {
    this.#context = context;
  }

  begin({ name, kind, parentSpanId, input, attributes, callId }: SpanBeginning): OpenSpan {
    const { recorder, ids, maxTextBytes } = this.#context;
    const texts = new SpanTexts(maxTextBytes);
    const json = jsonOf(input ?? undefined);
    const inputJson = json === undefined ? undefined : texts.json("input", json);
    const attributesJson = mergedJson(jsonOfAttributes(attributes), texts.attributes);
    const spanId = ids.next();
    const startMs = roundMs(recorder.nowMs());
    // Put together by hand: of a span that begins and ends this is most of the work.
    let text = `{"spanId":"${spanId}","parentSpanId":${this.#parents.quoted(parentSpanId)},"name":${this.#names.quoted(name)},"kind":"${kind}","startTime":${startMs}`;
    if (inputJson !== undefined) text += `,"input":${inputJson}`;
    if (attributesJson !== undefined) text += `,"attributes":${attributesJson}`;
    // Last, because the end says it again, with the duration.
    const replacedByEnd = callId === undefined ? "" : `,"tool":{"callId":${quoted(callId)}}`;
    recorder.begin(spanId, `${text}${replacedByEnd}}`, { kind, name, replacedByEnd });
    this.#context.attributes.note(spanId, attributesJson);
    const span = { spanId, kind, name, startMs, inputJson, callId, texts };
    this.#spans.set(spanId, span);
    if (callId !== undefined) this.#spanOfCall.set(callId, spanId);
    return span;
  }

  /** The open span with this id, or that of the call with this id. */
  find(id: unknown): OpenSpan | undefined {
    if (typeof id !== "string" || this.#spans.size === 0) return undefined;
    return this.#spans.get(this.#spanOfCall.get(id) ?? id);
  }

  end(span: OpenSpan, ending: SpanEnding): void {
    const { spanId, kind, name, callId, texts } = span;
    this.#spans.delete(spanId);
    if (callId !== undefined && this.#spanOfCall.get(callId) === spanId) this.#spanOfCall.delete(callId);
    const { recorder } = this.#context;
    const { isError, statusMessage } = ending;
    const startMs = ending.startMs ?? span.startMs;
    const endMs = ending.endMs ?? roundMs(recorder.nowMs());
    const durationMs = endMs - startMs;
    const message = statusMessage === undefined ? undefined : texts.text("statusMessage", statusMessage);
    const output = ending.output === undefined ? undefined : texts.json("output", ending.output);
    const inputJson = ending.input === undefined ? undefined : texts.json("input", ending.input);
    if (startMs !== span.startMs || (inputJson !== undefined && inputJson !== span.inputJson)) {
      const changed = {
        startTime: startMs === span.startMs ? undefined : startMs,
        input: inputJson === span.inputJson ? undefined : inputJson,
      };
      recorder.set(spanId, objectJson(changed));
    }
    this.#context.attributes.add(spanId, mergedJson(jsonOfAttributes(ending.attributes), texts.attributes));
    let text = `{"endTime":${endMs},"status":${isError ? '"error"' : '"ok"'}`;
    if (message !== undefined) text += `,"statusMessage":${message}`;
    if (kind === "tool") {
      text += `,"tool":{${callId === undefined ? "" : `"callId":${quoted(callId)},`}"durationMs":${roundMs(durationMs)}}`;
    }
    if (output !== undefined) text += `,"output":${output}`;
    recorder.end(spanId, `${text}}`, { kind, name, isFailed: isError, durationMs });
  }
}

/** Start and end that a caller reports, where they are times that can be. */
export function reportedTimes(time: unknown): { startMs: number | undefined; endMs: number | undefined } {
  return { startMs: possibleTime(fieldOf(time, "start")), endMs: possibleTime(fieldOf(time, "end")) };
}

export function possibleTime(value: unknown): number | undefined {
  const ms = finiteOf(value);
  return ms !== undefined && isPossibleTime(ms) ? ms : undefined;
}

/** Id of a span that a caller names, else the other one. */
export function spanIdOr(given: unknown, otherwise: string): string {
  return textOf(given) || otherwise;
}
