// A trace read as a conversation: what the person said, what the model answered, which tools it called with each answer,
// and what went wrong. Items are in order of time and refer to rows; a trace in which nobody speaks has none. Only spans of
// the items that are asked for are read.

import { assertNever } from "../base/assert";
import { type ConversationOutline, conversationOutline, ITEM } from "./conversationOutline";
import { describeSpan, modelName } from "./describeSpan";
import { namedToolCalls } from "./messageText";
import { oneLine } from "./plainText";
import type { TraceSpan } from "./schema";
import { FLAG, type SpanColumns, statusCodes } from "./spanColumns";
import { spanError } from "./spanError";
import type { SpanSource } from "./spanSource";
import { type ConversationText, cutWords, wordsOf } from "./spokenWords";
import { payloadValue } from "./wholePayload";

/** Calls of one item that are told of; of more than that the failed and open ones are, too, up to as many again. */
export const mostToldCalls = 100;

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

interface WithCalls {
  readonly calls: readonly ConversationCall[];
  /** Calls that are not told of one by one. */
  readonly callsLeftOut?: number | undefined;
}

export { ConversationTally, hasConversation } from "./conversationOutline";
export type { ConversationText };

export type ConversationItem =
  | (ItemBase & { readonly type: "user" } & ConversationText)
  /** An answer: its words, which may be none, and the calls that it made. */
  | (ItemBase & {
      readonly type: "assistant";
      readonly model: string;
      readonly status: "ok" | "failed" | "interrupted" | "open";
      readonly error?: ConversationText | undefined;
    } & ConversationText &
      WithCalls)
  /** Calls that belong to no answer. */
  | (ItemBase & { readonly type: "calls" } & WithCalls)
  /** The error that the session ended with. */
  | (ItemBase & { readonly type: "error" } & ConversationText);

/** How many of them stand above the item for whose sake the part is shown. */
const itemsAbove = 20;

/** A part of the conversation. */
export interface ConversationPage {
  /** Number of the first item. */
  readonly from: number;
  readonly items: readonly ConversationItem[];
  /** How many items there are in all. */
  readonly total: number;
  /** Number of the item of the row that was asked for; -1 where it belongs to none. */
  readonly at: number;
}

/** All of it, for traces that are not long. */
export function conversation(spans: SpanSource, columns: SpanColumns): ConversationItem[] {
  const outline = conversationOutline(spans, columns);
  return conversationItems(outline, spans, columns, 0, outline.count);
}

/** @param outline of these spans */
export function conversationItems(
  outline: ConversationOutline,
  spans: SpanSource,
  columns: SpanColumns,
  from: number,
  count: number,
): ConversationItem[] {
  const items: ConversationItem[] = [];
  for (let item = Math.max(0, from); item < Math.min(from + count, outline.count); item++) {
    items.push(itemAt(outline, spans, columns, item));
  }
  return items;
}

/** The part of `length` items from an item on, or without one the part in which a row's item is, else the first one. */
export function conversationPage(
  outline: ConversationOutline,
  spans: SpanSource,
  columns: SpanColumns,
  { from, row }: { readonly from?: number | undefined; readonly row?: number | undefined },
  length: number,
): ConversationPage {
  const total = outline.count;
  const at = row === undefined ? -1 : itemOfRow(outline, row);
  const last = Math.max(0, total - length);
  const first = Math.min(from ?? (at < length ? 0 : at - itemsAbove), from === undefined ? last : total);
  return { from: first, items: conversationItems(outline, spans, columns, first, length), total, at };
}

/** The item that a row belongs to; -1 where it belongs to none. */
export function itemOfRow({ count, type, row: rows, firstCall, callRows }: ConversationOutline, row: number): number {
  for (let item = 0; item < count; item++) {
    if (rows[item] === row && type[item] !== ITEM.error) return item;
  }
  const call = callRows.indexOf(row);
  if (call < 0) return -1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((firstCall[middle] ?? 0) <= call) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a row has no span, which no item does. */
const nothing: TraceSpan = { spanId: "", parentSpanId: null, name: "", kind: "span", startTime: 0, status: "ok" };

function itemAt(outline: ConversationOutline, spans: SpanSource, columns: SpanColumns, item: number): ConversationItem {
  const row = outline.row[item] ?? 0;
  const type = (outline.type[item] ?? 0) as (typeof ITEM)[keyof typeof ITEM];
  const inside = outline.insideRow[row] ?? -1;
  const base = { row, ...timeOf(columns.startMs[row]), ...(inside < 0 ? {} : { insideRow: inside }) };
  const calls = () => callsOf(outline, spans, columns, item);
  const span = spans.spanAt(row) ?? nothing;
  switch (type) {
    case ITEM.user:
      return { type: "user", ...base, ...wordsOf(payloadValue(span, "input") ?? span.output) };
    case ITEM.prompt:
      return { type: "user", ...base, ...wordsOf(payloadValue(span, "input")) };
    case ITEM.words: {
      const words = wordsOf(payloadValue(span, "output") ?? span.input);
      return { type: "assistant", ...base, ...words, model: "", ...calls(), status: statusOf(columns, row) };
    }
    case ITEM.answer: {
      const output = payloadValue(span, "output");
      const words = namedToolCalls(output) === undefined ? wordsOf(output) : cutWords("");
      const error = errorOf(span);
      return {
        type: "assistant",
        ...base,
        ...words,
        model: oneLine(modelName(span)),
        ...calls(),
        status: statusOf(columns, row),
        ...(error === undefined ? {} : { error }),
      };
    }
    case ITEM.calls:
      return { type: "calls", ...base, ...calls() };
    case ITEM.error: {
      // An error is said when its span ends.
      return { type: "error", row, ...timeOf(span.endTime ?? span.startTime), ...(errorOf(span) ?? cutWords("")) };
    }
    default:
      return assertNever(type, "item of a conversation");
  }
}

function callsOf(
  { firstCall, callRows }: ConversationOutline,
  spans: SpanSource,
  columns: SpanColumns,
  item: number,
): WithCalls {
  const rows = callRows.subarray(firstCall[item] ?? 0, firstCall[item + 1] ?? 0);
  const told: number[] = [...rows.subarray(0, mostToldCalls)];
  for (let index = mostToldCalls; index < rows.length && told.length < 2 * mostToldCalls; index++) {
    const status = statusOf(columns, rows[index] ?? 0);
    if (status === "failed" || status === "open") told.push(rows[index] ?? 0);
  }
  const callsLeftOut = rows.length - told.length;
  return { calls: told.map((row) => callOf(spans, columns, row)), ...(callsLeftOut === 0 ? {} : { callsLeftOut }) };
}

function callOf(spans: SpanSource, columns: SpanColumns, row: number): ConversationCall {
  const span = spans.shortSpanAt(row);
  const texts = span === undefined ? { label: "", outcome: "" } : describeSpan(span);
  return { row, name: oneLine(spans.toolNameAt(row)), ...texts, status: statusOf(columns, row) };
}

function errorOf(span: TraceSpan): ConversationText | undefined {
  const error = span.interrupted === true ? undefined : spanError(span);
  return error && cutWords(error.message);
}

const failed = statusCodes.indexOf("error");

function statusOf({ flags, status }: SpanColumns, row: number): ConversationCall["status"] {
  if (((flags[row] ?? 0) & FLAG.interrupted) !== 0) return "interrupted";
  if (status[row] === failed) return "failed";
  return ((flags[row] ?? 0) & FLAG.open) === 0 ? "ok" : "open";
}

function timeOf(timeMs: number | undefined): { startMs?: number } {
  return timeMs !== undefined && Number.isFinite(timeMs) ? { startMs: timeMs } : {};
}
