// A trace read as a conversation: what the person said, what the model answered, which tools it called with each answer,
// and what went wrong. Items are in order of time and refer to rows; a trace in which nobody speaks has none.

import { assertNever } from "../base/assert";
import { describeSpan, modelName } from "./describeSpan";
import { messageText, namedToolCalls } from "./messageText";
import { isOutputSpan } from "./outputBurst";
import { cutAtCharacter, payloadValue } from "./payloadView";
import { oneLine } from "./plainText";
import type { TraceFile, TraceSpan } from "./schema";
import type { SpanColumns } from "./spanColumns";
import { spanError } from "./spanError";
import { toolName } from "./toolCall";

/** UTF-16 units of a message or an error that the view shows. */
export const shownMessageLength = 4_000;

export interface ConversationText {
  readonly text: string;
  /** UTF-16 units of the whole text; more than `text.length` where it was cut. */
  readonly totalLength: number;
}

export interface ConversationCall {
  readonly row: number;
  readonly name: string;
  readonly label: string;
  readonly outcome: string;
  readonly status: "ok" | "failed" | "interrupted" | "open";
}

interface ItemBase {
  readonly row: number;
  /** Milliseconds since the epoch; undefined where the trace has no usable time. */
  readonly startMs?: number | undefined;
  /** Row of the tool call within which this was said, as by a sub-agent. */
  readonly insideRow?: number | undefined;
}

export type ConversationItem =
  | (ItemBase & { readonly type: "user" } & ConversationText)
  /** An answer: its words, which may be none, and the calls that it made. */
  | (ItemBase & {
      readonly type: "assistant";
      readonly model: string;
      readonly calls: readonly ConversationCall[];
      readonly status: "ok" | "failed" | "interrupted" | "open";
      readonly error?: ConversationText | undefined;
    } & ConversationText)
  /** Calls that belong to no answer. */
  | (ItemBase & { readonly type: "calls"; readonly calls: readonly ConversationCall[] })
  /** The error that the session ended with. */
  | (ItemBase & { readonly type: "error" } & ConversationText);

/** An item whose list of calls still grows. */
type Draft =
  | Exclude<ConversationItem, { readonly type: "calls" }>
  | (ItemBase & { readonly type: "calls"; readonly calls: ConversationCall[] });

/** @param columns of this trace; without them parents are found by the spans' ids */
export function conversation(trace: TraceFile, columns?: SpanColumns): ConversationItem[] {
  const { spans } = trace;
  if (!hasConversation(trace)) return [];
  const parents = columns?.parent ?? parentRows(spans);
  const items: Draft[] = [];
  const callsOf = new Map<number, ConversationCall[]>();
  const owners = callOwners(spans, parents);
  const inside = enclosingCalls(spans, parents);
  const hasUserMessage = spans.some((span) => span.kind === "user-message");
  for (const row of rowsInTime(spans)) {
    const span = spans[row];
    if (span === undefined) continue;
    const base = { row, ...timeOf(span), ...((inside[row] ?? -1) < 0 ? {} : { insideRow: inside[row] }) };
    switch (span.kind) {
      case "user-message":
        items.push({ type: "user", ...base, ...textOf(payloadValue(span, "input") ?? span.output) });
        break;
      case "session": {
        const prompt = textOf(payloadValue(span, "input"));
        // The prompt is there once more as the first message where the producer writes messages.
        if (!hasUserMessage && prompt.totalLength > 0) items.push({ type: "user", ...base, ...prompt });
        break;
      }
      case "text":
        if (isOutputSpan(span)) break;
        items.push({
          type: "assistant",
          ...base,
          ...textOf(payloadValue(span, "output") ?? span.input),
          model: "",
          calls: [],
          status: statusOf(span),
        });
        break;
      case "generation": {
        const calls: ConversationCall[] = [];
        callsOf.set(row, calls);
        items.push({
          type: "assistant",
          ...base,
          ...answerText(span),
          model: oneLine(modelName(span)),
          calls,
          status: statusOf(span),
          ...errorOf(span),
        });
        break;
      }
      case "tool":
        (callsOf.get(owners[row] ?? -1) ?? looseCalls(items, base)).push(callOf(span, row));
        break;
      case "span":
        break;
      default:
        assertNever(span.kind, "span kind");
    }
  }
  for (const [row, span] of spans.entries()) {
    const error = span.kind === "session" && span.interrupted !== true ? errorOf(span).error : undefined;
    if (error !== undefined) items.push({ type: "error", row, ...endOf(span), ...error });
  }
  return items;
}

/** Does anybody speak in this trace: a message, an answer with words, a prompt to a model? Cheaper than the conversation. */
export function hasConversation({ spans }: TraceFile): boolean {
  const hasPrompt = spans.some(
    (span) => span.kind === "session" && textOf(payloadValue(span, "input")).totalLength > 0,
  );
  return spans.some((span) => {
    if (span.kind === "user-message" || (span.kind === "text" && !isOutputSpan(span))) return true;
    return span.kind === "generation" && (hasPrompt || answerText(span).totalLength > 0);
  });
}

/** The list to which a call without an answer is added: that of the last item, where it is such a list already. */
function looseCalls(items: Draft[], base: ItemBase): ConversationCall[] {
  const last = items.at(-1);
  if (last?.type === "calls" && last.insideRow === base.insideRow) return last.calls;
  const calls: ConversationCall[] = [];
  items.push({ type: "calls", ...base, calls });
  return calls;
}

function callOf(span: TraceSpan, row: number): ConversationCall {
  return { row, name: oneLine(toolName(span)), ...describeSpan(span), status: statusOf(span) };
}

/** For each tool row the generation that it hangs under, directly or below plain spans; -1 where there is none. */
function callOwners(spans: readonly TraceSpan[], parents: Int32Array): Int32Array {
  return nearestAbove(spans, parents, (span) =>
    span.kind === "generation" ? "found" : span.kind === "span" ? "pass" : "stop",
  );
}

/** For each row the nearest tool call above it within which somebody speaks; -1 where there is none. */
function enclosingCalls(spans: readonly TraceSpan[], parents: Int32Array): Int32Array {
  return nearestAbove(spans, parents, (span) =>
    span.kind === "tool" ? "found" : span.kind === "session" ? "stop" : "pass",
  );
}

const unresolved = -2;

/** Each row is resolved once: a walk upwards stops at a row whose answer is known and hands it to all rows it passed. */
function nearestAbove(
  spans: readonly TraceSpan[],
  parents: Int32Array,
  judge: (span: TraceSpan) => "found" | "pass" | "stop",
): Int32Array {
  const nearest = new Int32Array(spans.length).fill(unresolved);
  const passed: number[] = [];
  for (let row = 0; row < spans.length; row++) {
    let at = row;
    let answer = unresolved;
    while (answer === unresolved) {
      if (nearest[at] !== unresolved) {
        answer = nearest[at] ?? -1;
        break;
      }
      passed.push(at);
      const above = parents[at] ?? -1;
      const span = above < 0 ? undefined : spans[above];
      const verdict = span === undefined || passed.length > spans.length ? "stop" : judge(span);
      if (verdict === "pass") at = above;
      else answer = verdict === "found" ? above : -1;
    }
    for (const each of passed) nearest[each] = answer;
    passed.length = 0;
  }
  return nearest;
}

function parentRows(spans: readonly TraceSpan[]): Int32Array {
  const rowOfId = new Map<string, number>();
  for (const [row, span] of spans.entries()) if (!rowOfId.has(span.spanId)) rowOfId.set(span.spanId, row);
  return Int32Array.from(spans, (span) => (span.parentSpanId === null ? -1 : (rowOfId.get(span.parentSpanId) ?? -1)));
}

/** Rows by start; what started at one moment in the order of the trace, the session and messages before answers. */
function rowsInTime(spans: readonly TraceSpan[]): number[] {
  const rank = (span: TraceSpan | undefined) =>
    span?.kind === "session" ? 0 : span?.kind === "user-message" ? 1 : span?.kind === "tool" ? 3 : 2;
  const startOf = (row: number) => {
    const start = spans[row]?.startTime ?? Number.NaN;
    return Number.isFinite(start) ? start : 0;
  };
  return Array.from(spans, (_, row) => row).sort(
    (a, b) => startOf(a) - startOf(b) || rank(spans[a]) - rank(spans[b]) || a - b,
  );
}

function answerText(span: TraceSpan): ConversationText {
  const output = payloadValue(span, "output");
  return namedToolCalls(output) === undefined ? textOf(output) : { text: "", totalLength: 0 };
}

function textOf(value: unknown): ConversationText {
  return cut((typeof value === "string" ? value : messageText(value)) ?? "");
}

function cut(text: string): ConversationText {
  const trimmed = text.trim();
  return { text: cutAtCharacter(trimmed, shownMessageLength), totalLength: trimmed.length };
}

function errorOf(span: TraceSpan): { error?: ConversationText } {
  const error = span.interrupted === true ? undefined : spanError(span);
  return error === undefined ? {} : { error: cut(error.message) };
}

function statusOf(span: TraceSpan): ConversationCall["status"] {
  if (span.interrupted === true) return "interrupted";
  if (span.status === "error") return "failed";
  return span.endTime === undefined ? "open" : "ok";
}

function timeOf(span: TraceSpan): { startMs?: number } {
  return Number.isFinite(span.startTime) ? { startMs: span.startTime } : {};
}

/** An error is said when its span ends. */
function endOf(span: TraceSpan): { startMs?: number } {
  return span.endTime !== undefined && Number.isFinite(span.endTime) ? { startMs: span.endTime } : timeOf(span);
}
