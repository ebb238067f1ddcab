// A session whose spans are objects: what is left to do with what `readSession` gives.

import { actionKey } from "../trace/actionKey";
import { buildColumns, type SpanDescription } from "../trace/buildColumns";
import { describeSpan } from "../trace/describeSpan";
import { type OutputIndex, outputIndex } from "../trace/outputIndex";
import { OutputReader } from "../trace/outputLines";
import { outputAmount } from "../trace/outputText";
import type { TraceSpan } from "../trace/schema";
import type { LoadedSession } from "../trace/sessionFiles";
import { spansInMemory } from "../trace/spanSource";
import { buildTree } from "../trace/spanTree";
import { reportedUsage } from "../trace/traceUsage";
import { failuresOfColumns } from "./failuresOfColumns";
import type { SessionReading } from "./sessionSource";

export function readingInMemory({ safeId, sessionId, trace, problems, evidence }: LoadedSession): SessionReading {
  const { spans, ...header } = trace;
  const source = spansInMemory(spans);
  const index = outputIndex(source);
  const built = buildColumns(spans, describeWith(index));
  const tree = buildTree(built.columns);
  const keyOf = (row: number) => (spans[row] === undefined ? "" : actionKey(spans[row]));
  return {
    session: { safeId, sessionId, header, evidence },
    spans: source,
    columns: built.columns,
    usage: reportedUsage(spans, built.columns.count),
    tree,
    problems: [...problems, ...built.problems],
    output: index && new OutputReader(index, source),
    hasTexts: true,
    findFailures: (state) => failuresOfColumns(built.columns, tree, keyOf, state),
  };
}

/** The span above a program's output says how much there is; what it holds are the bursts below it. */
function describeWith(index: OutputIndex | undefined): (span: TraceSpan, row: number) => SpanDescription {
  if (index === undefined) return describeSpan;
  const roots = new Map(index.roots.map((root) => [root.row, root]));
  return (span, row) => {
    const described = describeSpan(span);
    const root = roots.get(row);
    return root === undefined ? described : { ...described, label: outputAmount(root) };
  };
}
