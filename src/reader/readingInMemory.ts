// A session whose spans are objects: what is left to do with what `readSession` gives.

import { finish, type Steps } from "../base/steps";
import { actionKey } from "../trace/actionKey";
import { columnsInSteps } from "../trace/buildColumns";
import { withTexts } from "../trace/fillTexts";
import { outputIndex } from "../trace/outputIndex";
import { OutputReader } from "../trace/outputLines";
import type { LoadedSession } from "../trace/sessionFiles";
import { spansInMemory } from "../trace/spanSource";
import { treeInSteps } from "../trace/spanTree";
import { reportedUsage } from "../trace/traceUsage";
import { failuresOfColumns } from "./failuresOfColumns";
import type { SessionReading } from "./sessionSource";

export function readingInMemory(session: LoadedSession): SessionReading {
  return finish(memoryInSteps(session));
}

/** @param mostTexts rows; of more, the columns lack labels and outcomes */
export function* memoryInSteps(
  { safeId, sessionId, trace, problems, evidence }: LoadedSession,
  mostTexts = Number.POSITIVE_INFINITY,
): Steps<SessionReading> {
  const { spans, ...header } = trace;
  const source = spansInMemory(spans);
  const built = yield* columnsInSteps(spans);
  const index = outputIndex(source, built.columns);
  yield;
  const hasTexts = built.columns.count <= mostTexts;
  const columns = hasTexts ? withTexts(built.columns, source, index) : built.columns;
  yield;
  const tree = yield* treeInSteps(columns);
  yield;
  const usage = reportedUsage(spans, columns.count);
  yield;
  const keyOf = (row: number) => (spans[row] === undefined ? "" : actionKey(spans[row]));
  return {
    session: { safeId, sessionId, header, evidence },
    spans: source,
    columns,
    usage,
    tree,
    problems: [...problems, ...built.problems],
    output: index && new OutputReader(index, source),
    hasTexts,
    findFailures: (state) => failuresOfColumns(columns, tree, keyOf, state),
  };
}
