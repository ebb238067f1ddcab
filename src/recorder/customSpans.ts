// Spans that are neither generations nor tool calls, and what can be added to any span: events and links.

import { type OpenSpans, possibleTime, reportedTimes, spanIdOr } from "./openSpans";
import { fieldOf, jsonOf, jsonOfAttributes, quoted, textOf } from "./safeJson";
import type { SpanTotals } from "./sessionRecorder";
import type { SpanContext } from "./spanContext";
import { mergedJson, objectJson, roundMs } from "./spanJson";
import { SpanTexts } from "./textLimit";

export interface SpanPart {
  name: string;
  startTime: number;
  endTime: number;
  status?: "ok" | "error";
  input?: unknown;
  output?: unknown;
  attributes?: Record<string, unknown>;
}

export interface SpanStart {
  name: string;
  /** The root where it is left out. */
  parentSpanId?: string;
  /** `span` where it is left out. */
  kind?: "generation" | "tool" | "text" | "span" | "user-message";
  input?: unknown;
  attributes?: Record<string, unknown>;
}

export interface SpanEnd {
  status?: "ok" | "error";
  statusMessage?: string;
  output?: unknown;
  attributes?: Record<string, unknown>;
}

export interface EventPart {
  name: string;
  attributes?: Record<string, unknown>;
  /** Now where it is left out. */
  timeMs?: number;
}

export interface LinkPart {
  spanId: string;
  traceId?: string;
  attributes?: Record<string, unknown>;
}

const kinds: readonly unknown[] = ["generation", "tool", "text", "span", "user-message"];

export class CustomSpans {
  readonly #context: SpanContext;
  readonly #openSpans: OpenSpans;

  constructor(context: SpanContext, openSpans: OpenSpans) {
    this.#context = context;
    this.#openSpans = openSpans;
  }

  addUserMessage(given: unknown): void {
    const text = textOf(given);
    if (!text) return;
    const nowMs = roundMs(this.#context.recorder.nowMs());
    const texts = new SpanTexts(this.#context.maxTextBytes);
    const input = texts.text("input", text);
    this.#add("user-message", "user-message", nowMs, nowMs, false, { input, attributes: texts.attributes });
  }

  /** Throws where there is no part. */
  add(part: SpanPart): void {
    const { name, status, input, output, attributes } = part;
    const { startMs, endMs } = reportedTimes({ start: part.startTime, end: part.endTime });
    const texts = new SpanTexts(this.#context.maxTextBytes);
    const inputJson = jsonOf(input);
    const outputJson = jsonOf(output);
    const end = endMs ?? Math.max(roundMs(this.#context.recorder.nowMs()), startMs ?? 0);
    const isFailed = status === "error";
    this.#add(textOf(name) ?? "", "span", startMs ?? end, end, isFailed, {
      input: inputJson === undefined ? undefined : texts.json("input", inputJson),
      output: outputJson === undefined ? undefined : texts.json("output", outputJson),
      attributes: mergedJson(jsonOfAttributes(attributes), texts.attributes),
    });
  }

  begin(span: SpanStart): string {
    const kind = fieldOf(span, "kind");
    return this.#openSpans.begin({
      name: textOf(fieldOf(span, "name")) ?? "",
      kind: kinds.includes(kind) ? (kind as SpanTotals["kind"]) : "span",
      parentSpanId: spanIdOr(fieldOf(span, "parentSpanId"), this.#context.rootSpanId),
      input: fieldOf(span, "input"),
      attributes: fieldOf(span, "attributes"),
    }).spanId;
  }

  end(spanId: string, end: SpanEnd | undefined): void {
    const span = this.#openSpans.find(spanId);
    if (span === undefined) return;
    this.#openSpans.end(span, {
      isError: fieldOf(end, "status") === "error",
      statusMessage: textOf(fieldOf(end, "statusMessage")),
      output: jsonOf(fieldOf(end, "output")),
      attributes: fieldOf(end, "attributes"),
    });
  }

  addEvent(spanId: string | undefined, event: EventPart): void {
    const name = textOf(fieldOf(event, "name"));
    const id = this.#known(spanId);
    if (name === undefined || id === undefined) return;
    const { recorder } = this.#context;
    const attributes = jsonOfAttributes(fieldOf(event, "attributes"));
    const timeMs = possibleTime(fieldOf(event, "timeMs")) ?? roundMs(recorder.nowMs());
    recorder.event(id, objectJson({ name: quoted(name), timeMs, attributes }));
  }

  addLink(spanId: string | undefined, link: LinkPart): void {
    const to = textOf(fieldOf(link, "spanId"));
    const id = this.#known(spanId);
    if (!to || id === undefined) return;
    const traceId = textOf(fieldOf(link, "traceId"));
    const attributes = jsonOfAttributes(fieldOf(link, "attributes"));
    const json = objectJson({ spanId: quoted(to), traceId: traceId ? quoted(traceId) : undefined, attributes });
    this.#context.recorder.link(id, json);
  }

  /** Only spans of this session: a record about any other would make up a span whose beginning is lost. */
  #known(spanId: unknown): string | undefined {
    const { rootSpanId, ids } = this.#context;
    if (spanId === undefined || spanId === null || spanId === rootSpanId) return rootSpanId;
    return typeof spanId === "string" && ids.isOurs(spanId) ? spanId : undefined;
  }

  #add(
    name: string,
    kind: SpanTotals["kind"],
    startMs: number,
    endMs: number,
    isFailed: boolean,
    rest: Readonly<Record<string, string | undefined>>,
  ): void {
    const { recorder, ids, rootSpanId } = this.#context;
    const spanId = ids.next();
    const json = objectJson({
      spanId: `"${spanId}"`,
      parentSpanId: quoted(rootSpanId),
      name: quoted(name),
      kind: `"${kind}"`,
      startTime: startMs,
      endTime: endMs,
      status: isFailed ? '"error"' : '"ok"',
      ...rest,
    });
    recorder.span(spanId, json, { kind, name, isFailed, durationMs: endMs - startMs });
  }
}
