// A tree as text, one row a line: two spaces a level, name, times relative to the earliest start, and what is odd.

import { buildColumns } from "../../src/trace/buildColumns";
import type { TraceSpan } from "../../src/trace/schema";
import { FLAG, kindCodes } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";

const shownFlags = [
  "open",
  "interrupted",
  "orphan",
  "synthetic",
  "duplicateId",
  "noStart",
  "negativeDuration",
  "cycleCut",
  "cutOutput",
  "elided",
] as const;

export function renderTree(spans: readonly TraceSpan[]): string {
  const { columns } = buildColumns(spans);
  const tree = buildTree(columns);
  const starts = columns.startMs.filter((start) => !Number.isNaN(start));
  const zero = starts.reduce((least, start) => (start < least ? start : least), starts[0] ?? 0);
  const lines = [...tree.preorder].map((row) => {
    const flags = shownFlags.filter((name) => ((columns.flags[row] ?? 0) & FLAG[name]) !== 0);
    return [
      "  ".repeat(tree.depth[row] ?? 0) + columns.strings[columns.name[row] ?? 0],
      kindCodes[columns.kind[row] ?? 0],
      `${time(columns.startMs[row], zero)}-${time(columns.endMs[row], zero)}`,
      ...(columns.status[row] === 1 ? ["error"] : []),
      ...flags,
    ].join(" ");
  });
  return lines.join("\n");
}

function time(timeMs: number | undefined, zero: number): string {
  return timeMs === undefined || Number.isNaN(timeMs) ? "?" : String(Math.round(timeMs - zero));
}
