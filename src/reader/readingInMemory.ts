// A session whose spans are objects: what is left to do with what `readSession` gives.

import { actionKey } from "../trace/actionKey";
import { buildColumns } from "../trace/buildColumns";
import { withTexts } from "../trace/fillTexts";
import { outputIndex } from "../trace/outputIndex";
import { OutputReader } from "../trace/outputLines";
import type { LoadedSession } from "../trace/sessionFiles";
import { spansInMemory } from "../trace/spanSource";
import { buildTree } from "../trace/spanTree";
import { reportedUsage } from "../trace/traceUsage";
import { failuresOfColumns } from "./failuresOfColumns";
import type { SessionReading } from "./sessionSource";

export function readingInMemory({ safeId, sessionId, trace, problems, evidence }: LoadedSession): SessionReading {
  const { spans, ...header } = trace;
  const source = spansInMemory(spans);
  const built = buildColumns(spans);
  const index = outputIndex(source, built.columns);
  const columns = withTexts(built.columns, source, index);
  const tree = buildTree(columns);
  const keyOf = (row: number) => (spans[row] === undefined ? "" : actionKey(spans[row]));
  return {
    session: { safeId, sessionId, header, evidence },
    spans: source,
    columns,
    usage: reportedUsage(spans, columns.count),
    tree,
    problems: [...problems, ...built.problems],
    output: index && new OutputReader(index, source),
    hasTexts: true,
    findFailures: (state) => failuresOfColumns(columns, tree, keyOf, state),
  };
}
