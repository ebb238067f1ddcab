// Fields of a span as records change them: what a record sets, takes away, opens again or leaves as it is.

import type { JournalRecord } from "./journalRecord";
import type { TraceSpan } from "./schema";
import { isFields } from "./soundSpan";

export type Fields = Readonly<Record<string, unknown>>;

/** Name of a span of which only later records were found. */
export const beginLost = "(its beginning is lost)";

export const blank = { parentSpanId: null, name: "(no name)", kind: "span", status: "ok" } as const;

export const soundMinimum = { ...blank, spanId: "", startTime: 0 } as const;

/** What is known of a span, without what stands for the unknown. */
export function withoutBlanks(span: TraceSpan): Fields {
  const said: Record<string, unknown> = { ...span };
  if (span.name === beginLost) delete said["name"];
  if (Number.isNaN(span.startTime)) delete said["startTime"];
  if (span.parentSpanId === null) delete said["parentSpanId"];
  if (span.kind === blank.kind) delete said["kind"];
  return said;
}

/** The span without what its end said. */
export function reopened(span: TraceSpan): TraceSpan {
  const open: TraceSpan = { ...own(span), status: "ok" };
  delete open.endTime;
  delete open.statusMessage;
  delete open.interrupted;
  return open;
}

/** The fields without those that tell whether and how a span ended. */
export function withoutOutcome(fields: Fields): Fields {
  const { endTime: _endTime, status: _status, statusMessage: _message, interrupted: _interrupted, ...rest } = fields;
  return rest;
}

export function withoutNulls(fields: Fields): Fields {
  const said = { ...fields };
  for (const name of Object.keys(said)) if (said[name] === null) delete said[name];
  return said;
}

const required: ReadonlySet<string> = new Set(["name", "kind", "status", "startTime"]);

/** What `assign` leaves of the fields to be checked: null takes away what a span may lack, and nothing else. */
export function saidBy(fields: Fields): Fields {
  const said = { ...fields };
  for (const name of Object.keys(said)) if (said[name] === null && !required.has(name)) delete said[name];
  return said;
}

/** A copy that may be changed, with lists of its own. */
export function own(span: TraceSpan): TraceSpan {
  const copy = { ...span };
  if (copy.events) copy.events = copy.events.slice();
  if (copy.links) copy.links = copy.links.slice();
  return copy;
}

/** Sets the fields in `target`; null takes one away. The id of a span never changes. */
export function assign<T extends object>(target: T, fields: Fields): T {
  const into = target as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (name === "spanId" || name === "__proto__") continue;
    if (value === null && name !== "parentSpanId") delete into[name];
    else into[name] = value;
  }
  return target;
}

export function appendText(span: TraceSpan, text: string): void {
  const { output } = span;
  if (output === undefined || typeof output === "string") span.output = (output ?? "") + text;
  else {
    const attributes = isFields(span.attributes) ? span.attributes : {};
    const before = attributes["tracekeeper.text"];
    span.attributes = { ...attributes, "tracekeeper.text": (typeof before === "string" ? before : "") + text };
  }
}

const frameFields: ReadonlySet<string> = new Set(["s", "w", "m", "i", "t", "c", "n", "o", "k"]);

/** What a record says beside its frame and type. */
export function detailsOf(record: JournalRecord): Fields {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !frameFields.has(name)));
}
