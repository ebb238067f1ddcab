// What the details pane shows of one span: the error first, then where, then what went in and what came out. Plain JSON
// data, because it crosses to the panel; nothing in it is invented and every text that was cut says so.

import { foldValue } from "./binaryParts";
import { type DataEntry, type DataList, dataEntries, listBudget } from "./dataEntry";
import { describeSpan } from "./describeSpan";
import type { DiffView } from "./diffView";
import { namedToolCalls } from "./messageText";
import { Payload, type PayloadView } from "./payload";
import type { Place } from "./place";
import { findPlaces } from "./places";
import { oneLine } from "./plainText";
import { isPossibleTime } from "./possibleTime";
import { type ElidedSpans, readElidedMark } from "./producerMarks";
import { checkpointEvent } from "./runAttributes";
import { type RunNotes, runNotes } from "./runNotes";
import type { SpanKind, TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import { type SpanError, spanError } from "./spanError";
import { firstPartLength, PartedText, type TextPart } from "./textPart";
import { toolName } from "./toolCall";
import { prettyText } from "./wholePayload";

const mostEvents = 500;
const mostCalls = 500;
const mostLinks = 1_000;

export interface DetailsError {
  readonly message: TextPart;
  readonly type?: string | undefined;
  readonly stack?: TextPart | undefined;
}

export interface DetailsEvent {
  /** Its place among the span's events. */
  readonly index: number;
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
  readonly output: PayloadView;
  /** What the call asked to change, as lines; who can compare texts fills it in. */
  readonly edit?: readonly DiffView[] | undefined;
  readonly calls: readonly DetailsCall[];
  /** Calls that are not among them, because there are too many. */
  readonly callsLeftOut: number;
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
  /** Checkpoints of a run, which are not among the events: they tell a resumed run what nobody reads. */
  readonly checkpoints?: { readonly count: number; readonly lastMs: number } | undefined;
  readonly links: readonly { readonly spanId: string; readonly traceId?: string | undefined }[];
  /** Attributes and events that were left out because there are too many for a panel. */
  readonly leftOut: number;
  /** The step stands for others, which its producer left out. */
  readonly elided?: ElidedSpans | undefined;
  /** Of a run of a playbook and of its steps. */
  readonly run?: RunNotes | undefined;
}

export interface DetailsContext {
  readonly columns?: SpanColumns | undefined;
  /** The span's row in `columns`. */
  readonly row?: number | undefined;
  /** Label and outcome of a row, where the columns lack them. */
  readonly textsOf?: ((row: number) => { readonly label: string; readonly outcome: string }) | undefined;
  /** The span's payloads, where the caller keeps them. */
  readonly input?: Payload | undefined;
  readonly output?: Payload | undefined;
  /** Start of the trace in milliseconds since the epoch; without it the earliest start in `columns`. */
  readonly startMs?: number | undefined;
}

export function spanDetails(span: TraceSpan, context: DetailsContext = {}): SpanDetails {
  const startMs = usableTime(span.startTime);
  const endMs = usableTime(span.endTime);
  const traceStartMs = context.startMs ?? earliestStart(context.columns);
  const attributes = dataEntries(foldValue(span.attributes).value);
  const events = eventsOf(span);
  const { calls, leftOut: callsLeftOut } = callsOf(span, context);
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
    input: (context.input ?? new Payload(span, "input")).view(),
    output: (context.output ?? new Payload(span, "output")).view(),
    calls,
    callsLeftOut,
    tokens: tokensOf(span),
    cost: finite(span.cost),
    model: modelOf(span),
    finishReason: span.finishReason,
    callId: span.tool?.callId,
    attributes: attributes.entries,
    events: events.shown,
    checkpoints: events.checkpoints,
    links: (span.links ?? []).slice(0, mostLinks).map(({ spanId, traceId }) => ({ spanId, traceId })),
    leftOut: attributes.leftOut + events.leftOut,
    elided: readElidedMark(span),
    run: runNotes(span),
  };
}

interface ShownEvents extends Pick<SpanDetails, "checkpoints"> {
  readonly shown: readonly DetailsEvent[];
  readonly leftOut: number;
}

function eventsOf({ events = [] }: TraceSpan): ShownEvents {
  const budget = listBudget();
  const shown: DetailsEvent[] = [];
  let checkpoints: SpanDetails["checkpoints"];
  let leftOut = 0;
  for (const [index, { name, timeMs, attributes }] of events.entries()) {
    if (name === checkpointEvent) {
      checkpoints = { count: (checkpoints?.count ?? 0) + 1, lastMs: timeMs };
      continue;
    }
    if (shown.length === mostEvents) {
      leftOut++;
      continue;
    }
    const list: DataList = dataEntries(foldValue(attributes).value, undefined, budget);
    leftOut += list.leftOut;
    shown.push({ index, name, timeMs, attributes: list.entries });
  }
  return { shown, leftOut, checkpoints };
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
  const { type } = error;
  const first = (text: string) => new PartedText(text).part(0, firstPartLength);
  return {
    message: first(error.message),
    type: type === undefined ? undefined : oneLine(type),
    stack: error.stack === undefined ? undefined : first(error.stack),
  };
}

/** The error as one text. */
export function errorText({ message, stack }: SpanError): string {
  return stack === undefined ? message : `${message}\n\n${stack}`;
}

function callsOf(
  span: TraceSpan,
  { columns, row, textsOf }: DetailsContext,
): { readonly calls: DetailsCall[]; readonly leftOut: number } {
  const calls: DetailsCall[] = [];
  if (span.kind !== "generation") return { calls, leftOut: 0 };
  let count = 0;
  if (columns !== undefined && row !== undefined) {
    const tool = kindCodes.indexOf("tool");
    const textAt = (column: Uint32Array, at: number) => columns.strings[column[at] ?? 0] ?? "";
    const inColumns = (at: number) => ({ label: textAt(columns.label, at), outcome: textAt(columns.outcome, at) });
    for (let child = 0; child < columns.count; child++) {
      if (columns.parent[child] !== row || columns.kind[child] !== tool) continue;
      if (++count > mostCalls) continue;
      const isFailed = columns.status[child] === 1 && ((columns.flags[child] ?? 0) & FLAG.interrupted) === 0;
      const texts = (textsOf ?? inColumns)(child);
      calls.push({ row: child, name: textAt(columns.name, child), ...texts, isFailed });
    }
  }
  if (calls.length > 0) return { calls, leftOut: count - calls.length };
  const named = namedToolCalls(span.output) ?? [];
  return {
    calls: named.slice(0, mostCalls).map((name) => ({ name: oneLine(name), label: "", outcome: "", isFailed: false })),
    leftOut: Math.max(0, named.length - mostCalls),
  };
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
