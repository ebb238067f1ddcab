// What makes two actions the same: their tool and what their input means. Rather too strict than too loose, because a loop
// that is none stops a healthy session: times, ids and paths of temporary files in an input are part of it, since another
// page, another moment or another file is another action. docs/guardrails.md tells the rules.

import { hashOfJson } from "../actionKey";
import { describeSpan } from "../describeSpan";
import { cutText } from "../plainText";
import { asFields, type Fields, shellCommand } from "../toolCall";

export interface ComparedAction {
  /** Equal for the same tool with the same input. */
  readonly key: string;
  /** Does nothing but wait. */
  readonly isWait: boolean;
  /** Waits before it looks. */
  readonly isPolling: boolean;
}

/** A longer input is compared by its length, beginning and end, because reading all of it costs more than it tells. */
const longestParsed = 1_000_000;
const comparedLength = 50_000;

/** Ids that a client gives to one call, whatever the call does. */
const callIds = new Set([
  "call_id",
  "callId",
  "tool_call_id",
  "toolCallId",
  "tool_use_id",
  "toolUseId",
  "request_id",
  "requestId",
  "idempotency_key",
  "idempotencyKey",
  "traceparent",
  "tracestate",
]);

/** @param input JSON or text */
export function compareAction(tool: string, input: string): ComparedAction {
  return compareValue(tool, meaningOf(input));
}

/** @param input the value that JSON of the input stands for */
export function compareValue(tool: string, input: unknown): ComparedAction {
  const value = meaningOfValue(input);
  const fields = asFields(value);
  const command = fields === undefined ? (typeof value === "string" ? value : undefined) : shellCommand(fields);
  return {
    key: `${tool}\0${hashOfJson(fields === undefined ? (value ?? null) : withoutNoise(fields, command !== undefined))}`,
    isWait: waitingTools.test(tool) || (command !== undefined && isOnlyWait(command)),
    isPolling: command !== undefined && polls(command),
  };
}

/** Equal for the same result. A failure is one, whatever its text says: error texts are full of times and places. */
export function outcomeOf(isFailed: boolean, output: string | undefined): string {
  if (isFailed) return failedOutcome;
  return output === undefined ? unknownOutcome : `=${hashOfJson(endsOf(output.trim()))}`;
}

/** The same of a value, as producers write results. */
export function outcomeOfValue(isFailed: boolean, output: unknown): string {
  if (isFailed || output === undefined || typeof output === "string") return outcomeOf(isFailed, output as string);
  return `=${hashOfJson(output)}`;
}

/** A short text for an output, equal where the outputs compare as equal: it can be kept in place of a long one. */
export function shortOutput(output: string): string {
  const text = output.trim();
  return text.length <= 100 ? text : `${text.length} ${hashOfJson(endsOf(text))}`;
}

function endsOf(text: string): string {
  if (text.length <= longestParsed) return text;
  return `${text.length} ${text.slice(0, comparedLength)} ${text.slice(-comparedLength)}`;
}

export const failedOutcome = "failed";
export const unknownOutcome = "unknown";

/** "bash npm ci", as the tree shows it; one line. */
export function nameOfAction(tool: string, input: string): string {
  const span = { spanId: "", parentSpanId: null, name: tool, kind: "tool", startTime: 0, status: "ok" } as const;
  const { label } = describeSpan({ ...span, input: meaningOf(input.slice(0, longestParsed)) });
  return cutText(label === "" ? tool : `${tool} ${label}`, 120);
}

function meaningOf(input: string): unknown {
  const text = input.trim();
  if (text.length > longestParsed) return endsOf(text);
  if (!jsonStart.test(text) || hasInexactNumber(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const jsonStart = /^(?:[[{"]|(?:-?\d[\d.eE+-]*|true|false|null)$)/;

/** JSON within a text counts as what it stands for, as producers write arguments in both ways. */
function meaningOfValue(value: unknown): unknown {
  return typeof value === "string" ? meaningOf(value) : value;
}

/** Two such numbers may differ and be the same when they are read. */
function hasInexactNumber(text: string): boolean {
  return /\d{16}|[eE][+-]?\d{3}/.test(text);
}

function withoutNoise(fields: Fields, hasCommand: boolean): Fields {
  // What a call of a shell says about its command is prose, and seldom the same twice.
  const isNoise = (name: string) => callIds.has(name) || (hasCommand && name === "description");
  const names = Object.keys(fields);
  if (!names.some(isNoise)) return fields;
  return Object.fromEntries(names.filter((name) => !isNoise(name)).map((name) => [name, fields[name]]));
}

const waitingTools = /^(?:sleep|wait|delay|pause)$/i;
const waitingCommand = /^(?:sleep|start-sleep(?:\s+-\w+)?|timeout\s+\/t)\s+[\d.]+[smhd]?\s*;?$/i;
const waitWithin = /(?:^|[\s;&|(])(?:sleep|start-sleep(?:\s+-\w+)?|timeout\s+\/t)\s+[\d.$]/i;
/** A command says at its beginning that it waits. */
const lookedAtLength = 2_000;

function isOnlyWait(command: string): boolean {
  return command.length < 100 && waitingCommand.test(command.trim());
}

function polls(command: string): boolean {
  return waitWithin.test(command.slice(0, lookedAtLength));
}
