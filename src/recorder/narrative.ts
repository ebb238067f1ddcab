// The line that sums a session up, for `summary.narrative`, and the output of its root span.

import { formatDuration } from "../trace/formatValue";
import { oneLine } from "../trace/plainText";

export interface SessionCounts {
  readonly generations: number;
  readonly toolCalls: number;
  /** Sum of all five kinds. */
  readonly tokens: number;
  /** US dollars, as reported. */
  readonly cost: number;
  /** Calls of each tool. */
  readonly tools: ReadonlyMap<string, number>;
  readonly loops: number;
}

const namedTools = 3;

/** One line. */
export function narrate(counts: SessionCounts, durationMs: number, isFailed: boolean): string {
  const { generations, toolCalls, tools, loops } = counts;
  const sentences = [`${isFailed ? "Failed after" : "Completed in"} ${formatDuration(durationMs)}`];
  if (generations > 0) sentences.push(countOf(generations, "LLM call", "LLM calls"));
  if (tools.size > 0) {
    const most = [...tools].sort((a, b) => b[1] - a[1]).slice(0, namedTools);
    const names = most.map(([name]) => oneLine(name, 60)).join(", ");
    const more = tools.size > namedTools ? ", ..." : "";
    sentences.push(
      `${countOf(toolCalls, "tool call", "tool calls")} with ${countOf(tools.size, "tool", "tools")} (${names}${more})`,
    );
  }
  if (loops > 0) sentences.push(`${countOf(loops, "loop", "loops")} of equal calls`);
  sentences.push(`Total cost: ${dollars(counts.cost)}`);
  return `${sentences.join(". ")}.`;
}

export function countsText({ generations, toolCalls, tokens, cost }: SessionCounts): string {
  return `${generations} generations, ${toolCalls} tool calls, ${tokens} tokens, ${dollars(cost)}`;
}

function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function dollars(cost: number): string {
  return `$${Number.isFinite(cost) ? cost.toFixed(4) : "0.0000"}`;
}
