// What a trace's loops are, for people: those that the patterns of guardrails find in it, and those that its producer names.

import type { Steps } from "../base/steps";
import { describeSpan } from "./describeSpan";
import { formatCount } from "./formatValue";
import type { FoundPattern, LoopRows } from "./guardrails/foundLoops";
import { defaultGuardrails, type GuardrailSettings } from "./guardrails/guardrail";
import { LoopScan } from "./guardrails/loopScan";
import { cutText, oneLine } from "./plainText";
import type { TraceSummary } from "./schema";
import { FLAG, type SpanColumns, statusCodes } from "./spanColumns";
import type { SpanSource, TraceHeader } from "./spanSource";

const mostLoops = 50;
const mostRows = 1_000;

export interface TraceLoop {
  readonly pattern: FoundPattern;
  readonly tool: string;
  /** What the call is about, and the calls that follow it in a round; "" where only the producer tells of the loop. */
  readonly label: string;
  /** How many calls make a round; 1 for a repeat. */
  readonly length: number;
  /** Times; of a cycle and of what is revisited the rounds. */
  readonly count: number;
  readonly failures: number;
  /** Rows of the calls, in the order in which they ended, at most 1,000; empty where only the producer tells of the loop. */
  readonly rows: readonly number[];
}

const failed = statusCodes.indexOf("error");

/** The largest loops first; those that only `summary.loops` names come last. */
export function* traceLoops(
  { summary }: Pick<TraceHeader, "summary">,
  spans: SpanSource,
  columns: SpanColumns,
  settings: GuardrailSettings = defaultGuardrails,
): Steps<TraceLoop[]> {
  const scan = new LoopScan(spans, columns, settings);
  yield* scan.take(spans, columns, []);
  const own = largestFirst(scan.loops).filter(({ pattern }) => pattern !== "consecutive-errors");
  const described = own.slice(0, mostLoops).map((loop) => describeLoop(loop, spans, columns));
  return [...described, ...toldLoops(summary, described)].slice(0, mostLoops);
}

export function largestFirst(loops: readonly LoopRows[]): LoopRows[] {
  return loops.toSorted((a, b) => b.rows.length - a.rows.length || (a.rows[0] ?? 0) - (b.rows[0] ?? 0));
}

export function describeLoop(loop: LoopRows, spans: SpanSource, columns: SpanColumns): TraceLoop {
  const isFailed = (row: number) =>
    columns.status[row] === failed && ((columns.flags[row] ?? 0) & FLAG.interrupted) === 0;
  const [first = -1] = loop.rows;
  const round = loop.pattern === "cycle" ? loop.rows.slice(1, loop.length) : [];
  const others = round.map((row) => `${oneLine(spans.toolNameAt(row))} ${labelOf(row, spans, columns)}`.trim());
  return {
    ...loop,
    tool: oneLine(spans.toolNameAt(first)),
    label: cutText([labelOf(first, spans, columns), ...others].filter(Boolean).join(" → "), 200),
    failures: loop.rows.filter(isFailed).length,
    rows: loop.rows.slice(0, mostRows),
  };
}

function labelOf(row: number, spans: SpanSource, columns: SpanColumns): string {
  const label = columns.strings[columns.label[row] ?? 0] ?? "";
  if (label !== "") return label;
  const span = spans.shortSpanAt(row);
  return span === undefined ? "" : describeSpan(span).label;
}

function toldLoops(summary: TraceSummary, own: readonly TraceLoop[]): TraceLoop[] {
  const told = (summary.loops ?? []).map((loop) => ({
    pattern: "repeat" as const,
    length: 1,
    tool: oneLine(loop.tool),
    label: "",
    count: loop.count,
    failures: 0,
    rows: [],
  }));
  // Producers name a loop by a hash that can't be compared: as many loops of a tool as were found here are the same ones.
  const found = new Map<string, number>();
  for (const loop of own) found.set(loop.tool, (found.get(loop.tool) ?? 0) + 1);
  return told.filter((loop) => {
    const left = found.get(loop.tool) ?? 0;
    found.set(loop.tool, left - 1);
    return left <= 0;
  });
}

/** "bash npm ci was called 8 times with the same input", without a full stop. */
export function loopWords({ pattern, tool, label, length, count }: TraceLoop): string {
  const name = [tool, label].filter((text) => text !== "").join(" ");
  const times = formatCount(count);
  switch (pattern) {
    case "repeat":
      return `${name} was called ${times} times with the same input`;
    case "cycle":
      return `${name} went round ${times} times`;
    case "revisit":
      return `${formatCount(length)} calls beginning with ${name} went round ${times} times with nothing new`;
    case "consecutive-errors":
      return `${times} calls failed one after the other, the first one ${name}`;
  }
}
