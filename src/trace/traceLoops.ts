// Calls of one tool with one input, again and again: three or more of them within ten calls are a loop.

import { hashOfJson } from "./actionKey";
import { oneLine } from "./plainText";
import type { TraceFile } from "./schema";
import type { SpanColumns } from "./spanColumns";
import { toolName } from "./toolCall";

const windowCalls = 10;
const repeatsOfLoop = 3;
const mostLoops = 50;
const mostRows = 1_000;

export interface TraceLoop {
  readonly tool: string;
  /** What the repeated call is about; "" where only the producer tells of the loop. */
  readonly label: string;
  readonly count: number;
  readonly failures: number;
  /** Rows of the calls, at most 1,000; empty where only the producer tells of the loop. */
  readonly rows: readonly number[];
}

/** The largest loops first; those that only `summary.loops` names come last. */
export function traceLoops(trace: TraceFile, columns: SpanColumns): TraceLoop[] {
  const own = detectLoops(trace, columns);
  const told = (trace.summary.loops ?? []).map((loop) => ({
    tool: oneLine(loop.tool),
    label: "",
    count: loop.count,
    failures: 0,
    rows: [],
  }));
  // Producers name a loop by a hash that can't be compared: as many loops of a tool as were found here are the same ones.
  const found = new Map<string, number>();
  for (const loop of own) found.set(loop.tool, (found.get(loop.tool) ?? 0) + 1);
  const unknown = told.filter((loop) => {
    const left = found.get(loop.tool) ?? 0;
    found.set(loop.tool, left - 1);
    return left <= 0;
  });
  return [...own, ...unknown].slice(0, mostLoops);
}

function detectLoops({ spans }: TraceFile, columns: SpanColumns): TraceLoop[] {
  const positions = new Map<string, { row: number; position: number; isLoop: boolean }[]>();
  let position = 0;
  for (const row of toolRows(spans, columns)) {
    const span = spans[row];
    if (span === undefined) continue;
    const key = `${toolName(span)}\0${hashOfJson(span.input ?? null)}`;
    const calls = positions.get(key);
    const call = { row, position: position++, isLoop: false };
    if (calls === undefined) positions.set(key, [call]);
    else calls.push(call);
  }
  const loops: TraceLoop[] = [];
  for (const calls of positions.values()) {
    for (let last = repeatsOfLoop - 1; last < calls.length; last++) {
      const window = calls.slice(last - repeatsOfLoop + 1, last + 1);
      const [first] = window;
      const end = window.at(-1);
      if (first === undefined || end === undefined || end.position - first.position >= windowCalls) continue;
      for (const call of window) call.isLoop = true;
    }
    const rows = calls.filter((call) => call.isLoop).map((call) => call.row);
    const [firstRow] = rows;
    const firstSpan = firstRow === undefined ? undefined : spans[firstRow];
    if (firstRow === undefined || firstSpan === undefined) continue;
    loops.push({
      tool: oneLine(toolName(firstSpan)),
      label: columns.strings[columns.label[firstRow] ?? 0] ?? "",
      count: rows.length,
      failures: rows.filter((row) => spans[row]?.status === "error" && spans[row]?.interrupted !== true).length,
      rows: rows.slice(0, mostRows),
    });
  }
  return loops.sort((a, b) => b.count - a.count || (a.rows[0] ?? 0) - (b.rows[0] ?? 0));
}

/** Rows of tool calls in the order in which they began. */
function toolRows(spans: TraceFile["spans"], columns: SpanColumns): number[] {
  const rows: number[] = [];
  for (const [row, span] of spans.entries()) if (span.kind === "tool") rows.push(row);
  const startOf = (row: number) => {
    const start = columns.startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? 0 : start;
  };
  return rows.sort((a, b) => startOf(a) - startOf(b) || a - b);
}
