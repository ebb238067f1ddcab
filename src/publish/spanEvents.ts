// A trace -> the events of a trace batch. What crewAI itself has sent is sent as it was; any other trace is told as a flow
// whose methods are its spans, because spans may lie within each other as they like and crews know tasks and agents alone.
// Ids follow from the trace's, so that a trace which is published twice says the same twice.

import { createHash } from "node:crypto";
import { finish, type Steps } from "../base/steps";
import { sentEvents } from "../importers/crewaiSent";
import { columnsInSteps } from "../trace/buildColumns";
import type { TraceFile, TraceSpan } from "../trace/schema";
import { treeInSteps } from "../trace/spanTree";
import type { BatchStart } from "./publishRecord";
import type { TraceEvent } from "./traceEvent";

type Data = Readonly<Record<string, unknown>>;

interface Shape {
  readonly started: string;
  readonly ended: string;
  readonly failed: string;
  /** Of both. */
  readonly common: Data;
  readonly start: Data;
  readonly end: Data;
}

interface Draft {
  readonly timeMs: number;
  readonly id: string;
  readonly type: string;
  readonly parentId: string | null;
  readonly data: Data;
}

/** What the server is told of the run before its events come. */
export function batchStartOf(trace: TraceFile): BatchStart {
  const { crews, flows } = trace.spans.reduce(
    (seen, span) => {
      const kind = crewKindOf(span);
      return { crews: seen.crews || kind === "crew", flows: seen.flows || kind === "flow" };
    },
    { crews: false, flows: false },
  );
  const startedMs = Date.parse(trace.startedAt);
  return {
    name: trace.metadata.title ?? rootOf(trace)?.name ?? trace.sessionId,
    executionType: crews && !flows ? "crew" : "flow",
    startedMs: Number.isFinite(startedMs) ? startedMs : (rootOf(trace)?.startTime ?? 0),
    metadata: {},
  };
}

/** In the order in which they are sent. */
export function spanEvents(trace: TraceFile): TraceEvent[] {
  return finish(eventsInSteps(trace));
}

/** The same, with pauses in which others can be served. */
export function* eventsInSteps(trace: TraceFile): Steps<TraceEvent[]> {
  const ofCrewai: unknown[] = [];
  for (const [row, span] of trace.spans.entries()) {
    ofCrewai.push(...sentEvents(span));
    if (row % rowsPerPause === 0) yield;
  }
  if (ofCrewai.length > 0) return ofCrewai as TraceEvent[];
  let previous: string | null = null;
  const events: TraceEvent[] = [];
  for (const [index, { id, type, timeMs, parentId, data }] of (yield* draftsInSteps(trace)).entries()) {
    events.push({
      event_id: id,
      timestamp: isoTime(timeMs),
      type,
      event_data: data,
      emission_sequence: index + 1,
      parent_event_id: parentId,
      previous_event_id: previous,
      triggered_by_event_id: null,
    });
    previous = id;
    if (index % rowsPerPause === 0) yield;
  }
  return events;
}

/** Hashing an id is most of the work for a row. */
const rowsPerPause = 64;

/** By time; of equal times a step begins before those within it, and ends after them. */
function* draftsInSteps(trace: TraceFile): Steps<Draft[]> {
  const { columns } = yield* columnsInSteps(trace.spans);
  const tree = yield* treeInSteps(columns);
  const drafts: Draft[] = [];
  /** Steps that are not over in this order, from the outermost to the innermost. */
  const open: { readonly depth: number; readonly id: string; readonly end: Draft | undefined }[] = [];
  const close = (depth: number) => {
    while ((open.at(-1)?.depth ?? -1) >= depth) {
      const end = open.pop()?.end;
      if (end) drafts.push(end);
    }
  };
  for (const [index, row] of tree.preorder.entries()) {
    if (index % rowsPerPause === 0) yield;
    const depth = tree.depth[row] ?? 0;
    close(depth);
    const span = trace.spans[row];
    // The row under which lost parents' spans hang is no span.
    if (span === undefined) continue;
    const parentId = open.at(-1)?.id ?? null;
    const { start, end } = draftsOf(trace, span, parentId);
    drafts.push(start);
    open.push({ depth, id: start.id, end });
  }
  close(0);
  // A stable sort.
  return drafts.sort((one, other) => one.timeMs - other.timeMs);
}

function draftsOf(
  trace: TraceFile,
  span: TraceSpan,
  parentId: string | null,
): { start: Draft; end: Draft | undefined } {
  const timeMs = Number.isFinite(span.startTime) ? span.startTime : 0;
  const id = eventId(trace, span, "start");
  const rest = restOf(trace, span);
  const message = messageOf(span);
  if (message !== undefined) {
    const data = { ...message, tracekeeper: rest };
    return { start: { timeMs, id, type: "conversation_message_added", parentId, data }, end: undefined };
  }
  const { started, ended, failed, common, start, end } = shapeOf(span);
  const { endTime } = span;
  const isOpen = endTime === undefined || !Number.isFinite(endTime);
  const first = {
    timeMs,
    id,
    type: started,
    parentId,
    data: { ...common, ...start, ...(isOpen ? { tracekeeper: rest } : {}) },
  };
  if (isOpen) return { start: first, end: undefined };
  const isError = span.status === "error";
  const data = {
    ...common,
    ...end,
    ...(isError ? { error: span.statusMessage ?? "failed" } : {}),
    // The envelope has no place for it.
    started_event_id: id,
    tracekeeper: rest,
  };
  const endMs = Math.max(timeMs, endTime);
  return {
    start: first,
    end: { timeMs: endMs, id: eventId(trace, span, "end"), type: isError ? failed : ended, parentId, data },
  };
}

function shapeOf(span: TraceSpan): Shape {
  const { name, input = null, output = null } = span;
  switch (span.kind) {
    case "session":
      return pair("flow", ["finished", "failed"], { flow_name: name }, { inputs: input }, { result: output });
    case "generation": {
      const common = { call_id: span.spanId, model: modelOf(span) };
      const end = {
        messages: input,
        response: output,
        call_type: "llm_call",
        usage: usageOf(span),
        finish_reason: span.finishReason ?? null,
      };
      return pair("llm_call", ["completed", "failed"], common, { messages: input }, end);
    }
    case "tool": {
      const common = { tool_name: name, tool_args: input ?? {} };
      return pair("tool_usage", ["finished", "error"], common, {}, { output, failure: null });
    }
    default:
      return pair(
        "method_execution",
        ["finished", "failed"],
        { method_name: name },
        { params: input },
        { result: output },
      );
  }
}

function pair(family: string, ends: readonly [string, string], common: Data, start: Data, end: Data): Shape {
  const [ended, failed] = ends;
  return {
    started: `${family}_started`,
    ended: `${family}_${ended}`,
    failed: `${family}_${failed}`,
    common,
    start,
    end,
  };
}

function messageOf({ kind, input, output }: TraceSpan): Data | undefined {
  if (kind === "user-message") return { role: "user", content: input ?? null };
  return kind === "text" ? { role: "assistant", content: output ?? null } : undefined;
}

/** What a span has beside that for which events have fields. */
function restOf({ traceId }: TraceFile, span: TraceSpan): Data {
  const { spanId, attributes, events, links, cost, tokens, model, tool, statusMessage, interrupted } = span;
  const all = {
    trace_id: traceId,
    span_id: spanId,
    attributes,
    events,
    links,
    cost,
    tokens,
    model,
    tool,
    statusMessage,
    interrupted,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function modelOf({ model, name }: TraceSpan): string {
  if (model?.modelId === undefined) return name;
  return model.providerId === undefined ? model.modelId : `${model.providerId}/${model.modelId}`;
}

/** A trace's five counts add up; here cached tokens are within the prompt's, and reasoning is within the completion's. */
function usageOf({ tokens }: TraceSpan): Data | null {
  if (tokens === undefined) return null;
  const { input = 0, output = 0, reasoning = 0, cacheRead = 0, cacheWrite = 0 } = tokens;
  const prompt = input + cacheRead + cacheWrite;
  const completion = output + reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    cached_prompt_tokens: cacheRead,
    cache_creation_tokens: cacheWrite,
    reasoning_tokens: reasoning,
  };
}

/** A UUID that follows from the span, with the bits of version 8, which is for such. */
function eventId({ traceId }: TraceFile, { spanId }: TraceSpan, what: "start" | "end"): string {
  const hex = createHash("sha256")
    .update(JSON.stringify([traceId, spanId, what]))
    .digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** To the microsecond, as crewAI's own. */
function isoTime(timeMs: number): string {
  const whole = Math.floor(timeMs);
  const micros = Math.min(999, Math.floor((timeMs - whole) * 1000 + 0.0005));
  const date = new Date(whole);
  // A time that no calendar has is a span's own affair.
  if (Number.isNaN(date.getTime())) return isoTime(0);
  return `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}+00:00`;
}

function rootOf({ spans }: TraceFile): TraceSpan | undefined {
  return spans.find(({ kind }) => kind === "session") ?? spans[0];
}

function crewKindOf(span: TraceSpan): "crew" | "flow" | undefined {
  const [first] = span.parentSpanId === null ? sentEvents(span) : [];
  const type = first?.["type"];
  return type === "crew_kickoff_started" ? "crew" : type === "flow_started" ? "flow" : undefined;
}
