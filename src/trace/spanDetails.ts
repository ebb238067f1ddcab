// What the details pane shows of one span: the error first, then where, then what went in and what came out. Plain JSON
// data, because it crosses to the panel; nothing in it is invented and every text that was cut says so.

import { describeSpan } from "./describeSpan";
import { namedToolCalls } from "./messageText";
import { cutAtCharacter, type PayloadView, payloadView, prettyText, shownPayloadLength } from "./payloadView";
import type { Place } from "./place";
import { findPlaces } from "./places";
import { oneLine } from "./plainText";
import { isPossibleTime } from "./possibleTime";
import type { SpanKind, TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import { spanError } from "./spanError";
import { asFields, toolCall, toolName } from "./toolCall";

/** UTF-16 units of one attribute's text that a panel gets. */
const shownAttributeLength = 16_384;
const mostEntries = 1_000;
const mostEvents = 500;
const mostCalls = 500;

export interface DataEntry {
  readonly name: string;
  readonly type: "text" | "json" | "number" | "boolean" | "null";
  /** Cut where `text.length < totalLength`. */
  readonly text: string;
  readonly totalLength: number;
}

export interface DetailsError {
  readonly message: string;
  /** UTF-16 units of the whole message. */
  readonly totalLength: number;
  readonly type?: string | undefined;
  readonly stack?: string | undefined;
}

export interface DetailsEvent {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly attributes: readonly DataEntry[];
}

/** A tool that a generation called. Without a row the producer only says that there was such a call. */
export interface DetailsCall {
  readonly row?: number | undefined;
  readonly name: string;
  readonly label: string;
  readonly outcome: string;
  readonly isFailed: boolean;
}

export interface DetailsTokens {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly total?: number | undefined;
}

export interface SpanDetails {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** Name of the tool, the step or the session. */
  readonly title: string;
  /** What it is about, in one line. */
  readonly label: string;
  readonly outcome: string;
  readonly kind: SpanKind;
  /** `open`: no end was written; whether it still runs is for the session's state to say. */
  readonly status: "ok" | "failed" | "interrupted" | "open";
  /** Milliseconds since the epoch; undefined where the trace has no usable time. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** Milliseconds since the start of the trace. */
  readonly offsetMs?: number | undefined;
  /** Milliseconds; undefined while open. */
  readonly durationMs?: number | undefined;
  readonly error?: DetailsError | undefined;
  readonly places: readonly Place[];
  readonly input: PayloadView;
  /** Arguments beside the one that `input` shows ("description", "timeout"). */
  readonly inputFields: readonly DataEntry[];
  readonly output: PayloadView;
  readonly calls: readonly DetailsCall[];
  readonly tokens?: DetailsTokens | undefined;
  /** US dollars, as reported. */
  readonly cost?: number | undefined;
  readonly model?:
    | {
        readonly id?: string | undefined;
        readonly provider?: string | undefined;
        readonly variant?: string | undefined;
      }
    | undefined;
  readonly finishReason?: string | undefined;
  readonly callId?: string | undefined;
  readonly attributes: readonly DataEntry[];
  readonly events: readonly DetailsEvent[];
  readonly links: readonly { readonly spanId: string; readonly traceId?: string | undefined }[];
  /** Attributes and events that were left out because there are too many for a panel. */
  readonly leftOut: number;
}

export interface DetailsContext {
  readonly columns?: SpanColumns | undefined;
  /** The span's row in `columns`. */
  readonly row?: number | undefined;
  /** Start of the trace in milliseconds since the epoch; without it the earliest start in `columns`. */
  readonly startMs?: number | undefined;
}

export function spanDetails(span: TraceSpan, context: DetailsContext = {}): SpanDetails {
  const startMs = usableTime(span.startTime);
  const endMs = usableTime(span.endTime);
  const traceStartMs = context.startMs ?? earliestStart(context.columns);
  const attributes = entriesOf(span.attributes);
  const events = (span.events ?? []).slice(0, mostEvents);
  const { label, outcome } = describeSpan(span);
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    title: oneLine(span.kind === "tool" ? toolName(span) : span.name),
    label,
    outcome,
    kind: span.kind,
    status: statusOf(span),
    startMs,
    endMs,
    offsetMs: startMs === undefined || traceStartMs === undefined ? undefined : startMs - traceStartMs,
    durationMs: startMs === undefined || endMs === undefined || endMs < startMs ? undefined : endMs - startMs,
    error: detailsError(span),
    places: findPlaces(span),
    input: payloadView(span, "input"),
    inputFields: inputFields(span),
    output: payloadView(span, "output"),
    calls: span.kind === "generation" ? callsOf(span, context) : [],
    tokens: tokensOf(span),
    cost: finite(span.cost),
    model: modelOf(span),
    finishReason: span.finishReason,
    callId: span.tool?.callId,
    attributes,
    events: events.map((event) => ({
      name: event.name,
      timeMs: event.timeMs,
      attributes: entriesOf(event.attributes),
    })),
    links: (span.links ?? []).slice(0, mostEntries).map(({ spanId, traceId }) => ({ spanId, traceId })),
    leftOut:
      Math.max(0, Object.keys(span.attributes ?? {}).length - attributes.length) +
      Math.max(0, (span.events?.length ?? 0) - events.length),
  };
}

/** The span as it is in the trace, as JSON of two spaces a level. */
export function rawSpan(span: TraceSpan): string {
  return prettyText(span);
}

function statusOf(span: TraceSpan): SpanDetails["status"] {
  if (span.interrupted === true) return "interrupted";
  if (span.status === "error") return "failed";
  return usableTime(span.endTime) === undefined ? "open" : "ok";
}

function detailsError(span: TraceSpan): DetailsError | undefined {
  const error = spanError(span);
  if (error === undefined) return undefined;
  const { message, type, stack } = error;
  return {
    message: cutAtCharacter(message, shownPayloadLength),
    totalLength: message.length,
    type: type === undefined ? undefined : oneLine(type),
    stack: stack === undefined ? undefined : cutAtCharacter(stack, shownPayloadLength),
  };
}

/** Arguments that the view of the input does not show; none where it shows them all as JSON. */
function inputFields(span: TraceSpan): DataEntry[] {
  if (span.kind !== "tool") return [];
  const { fields } = toolCall(span);
  const view = payloadView(span, "input");
  if (view.type === "json" || view.type === "empty") return [];
  const shown = new Set<unknown>(
    view.type === "diff" ? view.changes.flatMap((change) => [change.oldText, change.newText]) : [view.text],
  );
  return Object.entries(fields)
    .filter(
      ([name, value]) =>
        !shown.has(value) && !(view.type === "diff" && isChangeField(name)) && !isShownCommand(name, value),
    )
    .slice(0, mostEntries)
    .map(([name, value]) => entryOf(name, value));
}

function isChangeField(name: string): boolean {
  return /^(?:edits|replacements|changes|input|patch|patchText|diff|old_?(?:string|str|text|content)|new_?(?:string|str|text|content|source))$/i.test(
    name,
  );
}

function isShownCommand(name: string, value: unknown): boolean {
  return Array.isArray(value) && (name === "command" || name === "cmd" || name === "argv");
}

function callsOf(span: TraceSpan, { columns, row }: DetailsContext): DetailsCall[] {
  const calls: DetailsCall[] = [];
  if (columns !== undefined && row !== undefined) {
    const tool = kindCodes.indexOf("tool");
    const textAt = (column: Uint32Array, at: number) => columns.strings[column[at] ?? 0] ?? "";
    for (let child = 0; child < columns.count && calls.length < mostCalls; child++) {
      if (columns.parent[child] !== row || columns.kind[child] !== tool) continue;
      const flags = columns.flags[child] ?? 0;
      calls.push({
        row: child,
        name: textAt(columns.name, child),
        label: textAt(columns.label, child),
        outcome: textAt(columns.outcome, child),
        isFailed: columns.status[child] === 1 && (flags & FLAG.interrupted) === 0,
      });
    }
  }
  if (calls.length > 0) return calls;
  return (namedToolCalls(span.output) ?? []).map((name) => ({
    name: oneLine(name),
    label: "",
    outcome: "",
    isFailed: false,
  }));
}

function tokensOf(span: TraceSpan): DetailsTokens | undefined {
  const { tokens } = span;
  if (tokens === undefined) return undefined;
  const counts = {
    input: finite(tokens.input),
    output: finite(tokens.output),
    reasoning: finite(tokens.reasoning),
    cacheRead: finite(tokens.cacheRead),
    cacheWrite: finite(tokens.cacheWrite),
    total: finite(tokens.total),
  };
  return Object.values(counts).every((count) => count === undefined) ? undefined : counts;
}

function modelOf(span: TraceSpan): SpanDetails["model"] {
  const attributes = span.attributes ?? {};
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? oneLine(value) : undefined);
  const id = text(
    span.model?.modelId ??
      attributes["gen_ai.response.model"] ??
      attributes["gen_ai.request.model"] ??
      attributes["llm.model_name"] ??
      attributes["ai.model.id"],
  );
  const provider = text(
    span.model?.providerId ??
      attributes["gen_ai.provider.name"] ??
      attributes["gen_ai.system"] ??
      attributes["llm.provider"] ??
      attributes["ai.model.provider"],
  );
  const variant = text(span.model?.variant);
  return id === undefined && provider === undefined && variant === undefined ? undefined : { id, provider, variant };
}

function entriesOf(values: Readonly<Record<string, unknown>> | undefined): DataEntry[] {
  return Object.entries(values ?? {})
    .slice(0, mostEntries)
    .map(([name, value]) => entryOf(name, value));
}

function entryOf(name: string, value: unknown): DataEntry {
  const text = prettyText(value);
  return { name, type: entryType(value), text: cutAtCharacter(text, shownAttributeLength), totalLength: text.length };
}

function entryType(value: unknown): DataEntry["type"] {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "boolean";
  return asFields(value) !== undefined || Array.isArray(value) ? "json" : "null";
}

function earliestStart(columns: SpanColumns | undefined): number | undefined {
  let earliest = Number.POSITIVE_INFINITY;
  for (const startMs of columns?.startMs ?? []) if (startMs < earliest) earliest = startMs;
  return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
}

function usableTime(timeMs: number | undefined): number | undefined {
  return timeMs !== undefined && isPossibleTime(timeMs) ? timeMs : undefined;
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
