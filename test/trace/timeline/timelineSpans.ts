// Traces as short lines, for tests of what a timeline makes of them: `name kind from-to < parent`. Times are ms from a
// fixed start; a missing end is an open span.

import { buildColumns } from "../../../src/trace/buildColumns";
import type { SpanKind, TraceSpan } from "../../../src/trace/schema";
import type { SpanColumns, SpanTree } from "../../../src/trace/spanColumns";
import { buildTree } from "../../../src/trace/spanTree";
import { type WorkRows, workRows } from "../../../src/trace/timeline/workRows";

export interface TimelineTrace {
  readonly columns: SpanColumns;
  readonly tree: SpanTree;
  readonly work: WorkRows;
  /** Row by the name that the line gave. */
  readonly rows: ReadonlyMap<string, number>;
  readonly names: readonly string[];
}

const kinds: Readonly<Record<string, SpanKind>> = {
  s: "session",
  g: "generation",
  t: "tool",
  x: "text",
  p: "span",
  u: "user-message",
};

/** `main s 0-100`, `a t 5- < main`, `a t 10-20 < main ! output` */
export function timelineOf(text: string): TimelineTrace {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const spans = lines.map((line): TraceSpan => {
    const parts =
      /^(?<name>\S+) (?<kind>\w) (?<from>-?[\d.]+)-(?<to>-?[\d.]+)?(?: < (?<parent>\S+))?(?: (?<mark>!|output))?$/.exec(
        line,
      )?.groups;
    if (parts === undefined) throw new Error(`Not a line of a timeline: ${line}`);
    const { name = "", kind = "", from = "", to, parent, mark } = parts;
    return {
      spanId: name,
      parentSpanId: parent ?? null,
      name: name.replace(/[.#].*$/, ""),
      kind: kinds[kind] ?? "span",
      startTime: Number(from),
      ...(to === undefined ? {} : { endTime: Number(to) }),
      status: mark === "!" ? "error" : "ok",
      ...(mark === "output" ? { attributes: { "tracekeeper.output": true } } : {}),
    };
  });
  return timelineOfSpans(spans);
}

export function timelineOfSpans(spans: readonly TraceSpan[]): TimelineTrace {
  const { columns } = buildColumns(spans);
  const tree = buildTree(columns);
  const names = spans.map(({ spanId }) => spanId);
  return {
    columns,
    tree,
    work: workRows(columns, tree),
    rows: new Map(names.map((name, row) => [name, row])),
    names,
  };
}
