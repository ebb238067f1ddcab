// A step of a crewAI run -> a span. Nothing of its events is lost: see `crewaiRecord.ts` for where it stands.

import type { TraceSpan } from "../trace/schema";
import { type CrewEvent, isFields } from "./crewaiEvent";
import { type Moved, recordAttributes, recordEvent } from "./crewaiRecord";
import type { CrewStep } from "./crewaiSteps";
import { isFailureType } from "./crewaiTypes";
import { crewTokens } from "./crewaiUsage";

/** What stands in a span that has lost its start; an attribute, because such a step may well have succeeded. */
export const withoutStart = "crewAI sent the end of this step without its start";
export const noteAttribute = "crewai.note";

const longestName = 100;

export function crewSpan(step: CrewStep, spanId: string, parentSpanId: string): TraceSpan {
  const { family, first, end, role, startMs, endMs } = step;
  const shape = shapeOf(step);
  const { kind } = shape;
  const attributes: Record<string, unknown> = {};
  const last = end ?? first;
  const atFirst = { input: shape.input, output: end === undefined ? shape.output : undefined };
  const record = recordEvent(first, attributes, atFirst);
  const endRecord = end && recordEvent(end, attributes, { output: shape.output }, first);
  if (role === "lone-end") attributes[noteAttribute] = withoutStart;
  attributes[
    role === "event" ? recordAttributes.event : role === "lone-end" ? recordAttributes.end : recordAttributes.start
  ] = record;
  if (endRecord) attributes[recordAttributes.end] = endRecord;
  const message = messageOf(last, role);
  const durationMs = endMs === undefined ? undefined : Math.round((endMs - startMs) * 1000) / 1000;
  const isAnswered = kind === "generation" && role !== "open";
  const tokens = isAnswered ? crewTokens(last.data["usage"]) : undefined;
  const finishReason = isAnswered ? textOf(last.data["finish_reason"]) : undefined;
  const modelId = kind === "generation" ? (textOf(first.data["model"]) ?? textOf(last.data["model"])) : undefined;
  return {
    spanId,
    parentSpanId,
    name: nameOf(step) ?? family?.name ?? first.type,
    kind,
    startTime: startMs,
    ...(endMs === undefined ? {} : { endTime: endMs }),
    status: message.isError ? "error" : "ok",
    ...(message.text === undefined ? {} : { statusMessage: message.text }),
    ...(modelId === undefined ? {} : { model: { modelId } }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(tokens === undefined ? {} : { tokens: { ...tokens } }),
    ...(kind === "tool" && durationMs !== undefined && role === "ended" ? { tool: { durationMs } } : {}),
    ...(shape.input === undefined ? {} : { input: first.data[shape.input] }),
    ...(shape.output === undefined ? {} : { output: last.data[shape.output] }),
    attributes,
  };
}

type Shape = Moved & Pick<TraceSpan, "kind">;

function shapeOf({ family, first, end, role }: CrewStep): Shape {
  if (family === undefined) return eventShape(first);
  const input = presentField(first, family.input);
  const output = role === "open" ? undefined : presentField(end ?? first, family.output);
  return { kind: family.kind, input, output: end === undefined && output === input ? undefined : output };
}

function eventShape(event: CrewEvent): Shape {
  if (event.type !== "conversation_message_added") return { kind: "span" };
  const content = presentField(event, ["content", "message", "text"]);
  switch (event.data["role"]) {
    case "user":
      return { kind: "user-message", input: content };
    case "assistant":
      return { kind: "text", output: content };
    default:
      return { kind: "span" };
  }
}

function presentField({ data }: CrewEvent, names: readonly string[]): string | undefined {
  return names.find((name) => Object.hasOwn(data, name) && data[name] !== null);
}

function nameOf({ family, first, end }: CrewStep): string | undefined {
  for (const field of family?.names ?? []) {
    const name = textOf(first.data[field]) ?? textOf(end?.data[field]);
    const line = name?.trim().split("\n", 1)[0]?.trim();
    if (!line) continue;
    const characters = [...line.slice(0, longestName * 2)];
    return characters.length <= longestName ? line : `${characters.slice(0, longestName - 1).join("")}…`;
  }
  return undefined;
}

/** Whether the step failed, and what it says of that. */
function messageOf(last: CrewEvent, role: CrewStep["role"]): { readonly isError: boolean; readonly text?: string } {
  if (role === "open") return { isError: false };
  const { type, data } = last;
  // A tool may run to its end and report that it did not do its work.
  const failure = type === "tool_usage_finished" ? (data["failure"] ?? undefined) : undefined;
  if (failure !== undefined) return { isError: true, text: failureText(failure) };
  if (isFailureType(type)) return { isError: true, text: data["error"] ? failureText(data["error"]) : type };
  return type.endsWith("_canceled") ? { isError: false, text: "canceled" } : { isError: false };
}

function failureText(failure: unknown): string {
  if (typeof failure === "string") return failure;
  if (isFields(failure)) {
    const text = textOf(failure["message"]) ?? textOf(failure["error"]) ?? textOf(failure["reason"]);
    if (text !== undefined) return text;
  }
  return JSON.stringify(failure);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
