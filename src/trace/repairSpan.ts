// Makes a span of whatever stands where a span should be. What does not fit its field is moved to
// `attributes["tracekeeper.<field>"]`, so that nothing that was recorded is lost, and reported.

import { describeJsonType } from "./jsonType";
import { isPossibleTime } from "./possibleTime";
import type { Problem } from "./problem";
import type { ProblemList } from "./problemList";
import type { TraceSpan } from "./schema";
import {
  isFields,
  isFiniteNumber,
  isSpanEvent,
  isSpanKind,
  isSpanLink,
  structuredFields,
  tokenFields,
} from "./soundSpan";

type MutableFields = Record<string, unknown>;

export interface RepairContext {
  readonly problems: ProblemList;
  /** An id that no span of the trace has, for a span without one. */
  readonly makeSpanId: (index: number) => string;
}

/** True where nothing is there that a span could be made of. */
export function isNothing(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

/**
 * A span that is sound by `traceSpanSchema`, but for a start time that is NaN where none was recorded that can be used.
 * Changes and returns `value` where it is an object.
 */
export function repairSpan(value: unknown, index: number, context: RepairContext): TraceSpan {
  if (!isFields(value)) return placeholder(value, index, context);
  const span = value as MutableFields;
  const repair = new SpanRepair(span, index, context.problems);
  repair.dropNulls();
  repair.identity(context.makeSpanId);
  repair.kindAndStatus();
  repair.times();
  for (const field of ["statusMessage", "finishReason"]) repair.text(field);
  if (span["interrupted"] !== undefined && typeof span["interrupted"] !== "boolean") repair.setAside("interrupted");
  repair.number(span, "cost");
  repair.structures();
  return span as unknown as TraceSpan;
}

function placeholder(value: unknown, index: number, context: RepairContext): TraceSpan {
  context.problems.add(
    {
      code: "invalid-span",
      severity: "error",
      message: `In place of a span there is ${describeJsonType(value)}; it is shown as a span without a time`,
      spanIndex: index,
    },
    "placeholder",
  );
  return {
    spanId: context.makeSpanId(index),
    parentSpanId: null,
    name: "(not a span)",
    kind: "span",
    startTime: Number.NaN,
    status: "ok",
    attributes: { "tracekeeper.value": value },
  };
}

class SpanRepair {
  readonly #span: MutableFields;
  readonly #index: number;
  readonly #problems: ProblemList;

  constructor(span: MutableFields, index: number, problems: ProblemList) {
    this.#span = span;
    this.#index = index;
    this.#problems = problems;
  }

  /** Some writers put null where a value is missing; that is the same as no field. */
  dropNulls(): void {
    for (const field of nullableFields) if (this.#span[field] === null) delete this.#span[field];
  }

  identity(makeSpanId: (index: number) => string): void {
    const span = this.#span;
    const { spanId, parentSpanId, name } = span;
    if (typeof spanId === "number") {
      span["spanId"] = String(spanId);
      this.#report("spanId", "The span id is a number; it is read as text", "info");
    } else if (typeof spanId !== "string" || spanId === "") {
      if (spanId !== undefined && spanId !== "") this.#keep("spanId", spanId);
      span["spanId"] = makeSpanId(this.#index);
      this.#add("invalid-span", "error", "A span has no id; its children can't be told", "spanId missing");
    }
    if (typeof parentSpanId === "number") {
      span["parentSpanId"] = String(parentSpanId);
      this.#report("parentSpanId", "The id of the parent is a number; it is read as text", "info");
    } else if (parentSpanId === "") span["parentSpanId"] = null;
    else if (parentSpanId !== null && typeof parentSpanId !== "string") {
      if (parentSpanId !== undefined) this.#keep("parentSpanId", parentSpanId);
      span["parentSpanId"] = null;
      this.#report("parentSpanId", "A span does not say what its parent is; it is shown at the top", "warning");
    }
    if (typeof name === "string") return;
    if (name !== undefined) this.#keep("name", name);
    span["name"] = typeof name === "number" || typeof name === "boolean" ? String(name) : "(no name)";
    this.#report("name", "A span has no name", "warning");
  }

  kindAndStatus(): void {
    const span = this.#span;
    const { kind, status } = span;
    if (!isSpanKind(kind)) {
      if (kind !== undefined) this.#keep("kind", kind);
      span["kind"] = "span";
      this.#report(
        "kind",
        `A span's kind is ${describeValue(kind)}, which trace v2 does not know; read as "span"`,
        "info",
      );
    }
    if (status === "ok" || status === "error") return;
    if (status !== undefined) this.#keep("status", status);
    span["status"] = "ok";
    this.#report(
      "status",
      `A span's status is ${describeValue(status)} instead of "ok" or "error"; read as "ok"`,
      "warning",
    );
  }

  times(): void {
    const span = this.#span;
    const start = toTime(span["startTime"]);
    if (start === undefined) {
      if (span["startTime"] !== undefined) this.#keep("startTime", span["startTime"]);
      span["startTime"] = Number.NaN;
      this.#report("startTime", "A span has no start time; it is drawn at its parent's start", "warning");
    } else if (isPossibleTime(start)) span["startTime"] = start;
    else {
      this.#keep("startTime", span["startTime"]);
      span["startTime"] = Number.NaN;
      this.#impossible("startTime", "A span's start time is impossible; it is drawn at its parent's start");
    }
    if (span["endTime"] === undefined) return;
    const end = toTime(span["endTime"]);
    if (end !== undefined && isPossibleTime(end)) {
      span["endTime"] = end;
      return;
    }
    // The span did end, so without a usable time its end is its start; leaving it out would make the span an open one.
    this.#keep("endTime", span["endTime"]);
    const startMs = span["startTime"];
    if (isFiniteNumber(startMs)) span["endTime"] = startMs;
    else delete span["endTime"];
    this.#impossible("endTime", "A span's end time is impossible; its end is drawn at its start");
  }

  text(field: string): void {
    const value = this.#span[field];
    if (value === undefined || typeof value === "string") return;
    if (typeof value === "number" || typeof value === "boolean") {
      this.#span[field] = String(value);
      this.#report(field, `The field ${field} of a span is not a text; it is read as one`, "info");
    } else this.setAside(field);
  }

  /** `owner` is the span or one of its parts, which `path` then names. */
  number(owner: MutableFields, field: string, path = field): void {
    const value = owner[field];
    if (value === undefined || isFiniteNumber(value)) return;
    const parsed = typeof value === "string" ? toNumber(value) : undefined;
    if (parsed === undefined) {
      this.#keep(path, value);
      delete owner[field];
      this.#report(path, `The field ${path} of a span is ${describeJsonType(value)} instead of a number`, "warning");
    } else owner[field] = parsed;
  }

  structures(): void {
    const span = this.#span;
    if (span["attributes"] !== undefined && !isFields(span["attributes"])) this.setAside("attributes");
    if (typeof span["model"] === "string") span["model"] = { modelId: span["model"] };
    const { tokens, tool } = span;
    if (isFields(tokens)) {
      for (const field of tokenFields) {
        if (tokens[field] === null) delete (tokens as MutableFields)[field];
        this.number(tokens as MutableFields, field, `tokens.${field}`);
      }
    }
    if (isFields(tool)) {
      if (tool["durationMs"] === null) delete (tool as MutableFields)["durationMs"];
      this.number(tool as MutableFields, "durationMs", "tool.durationMs");
      if (typeof tool["callId"] === "number") (tool as MutableFields)["callId"] = String(tool["callId"]);
    }
    for (const [field, isSound] of [["events", isSpanEvent] as const, ["links", isSpanLink] as const]) {
      const list = span[field];
      if (!Array.isArray(list) || list.every(isSound)) continue;
      this.setAside(field);
      span[field] = list.filter(isSound);
    }
    for (const [field, isSound] of Object.entries(structuredFields)) {
      if (span[field] !== undefined && !isSound(span[field])) this.setAside(field);
    }
  }

  /** Moves a value that does not fit to the attributes. */
  setAside(field: string): void {
    const value = this.#span[field];
    delete this.#span[field];
    this.#keep(field, value);
    this.#report(
      field,
      `The field ${field} of a span is ${describeJsonType(value)}, which does not fit; it is kept as the attribute tracekeeper.${field}`,
      "warning",
    );
  }

  #keep(field: string, value: unknown): void {
    const span = this.#span;
    if (!isFields(span["attributes"])) {
      span["attributes"] = isNothing(span["attributes"]) ? {} : { "tracekeeper.attributes": span["attributes"] };
    }
    (span["attributes"] as MutableFields)[`tracekeeper.${field}`] = value;
  }

  #impossible(field: string, message: string): void {
    this.#add("impossible-time", "warning", message, `impossible ${field}`);
  }

  #report(field: string, message: string, severity: Problem["severity"]): void {
    this.#add("invalid-field", severity, message, message.length < 200 ? `${field} ${message}` : field);
  }

  #add(code: Problem["code"], severity: Problem["severity"], message: string, key: string): void {
    this.#problems.add({ code, severity, message, spanIndex: this.#index }, key);
  }
}

/** Fields in which null is the same as nothing. */
export const nullableFields = [
  "endTime",
  "statusMessage",
  "interrupted",
  "model",
  "finishReason",
  "tokens",
  "cost",
  "tool",
  "attributes",
  "events",
  "links",
] as const;

const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Milliseconds from a number, a number as text or an ISO date; undefined for anything else. */
function toTime(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  if (isoPattern.test(value)) {
    const timeMs = Date.parse(value);
    return Number.isNaN(timeMs) ? undefined : timeMs;
  }
  return toNumber(value);
}

function toNumber(text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function describeValue(value: unknown): string {
  if (value === undefined) return "missing";
  return typeof value === "string" && value.length <= 40 ? `"${value}"` : describeJsonType(value);
}
