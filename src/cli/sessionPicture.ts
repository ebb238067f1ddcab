// A session read whole and everything that is derived from it: what `show` draws and writes.

import { makeProbeLiveness } from "../recorder/liveness";
import { loadSession } from "../store/loadSession";
import { actionKey } from "../trace/actionKey";
import { buildColumns } from "../trace/buildColumns";
import { describeSpan } from "../trace/describeSpan";
import { type Failures, findFailures } from "../trace/failures";
import type { Problem } from "../trace/problem";
import type { TraceSpan } from "../trace/schema";
import type { LoadedSession } from "../trace/sessionFiles";
import type { SpanColumns, SpanTree } from "../trace/spanColumns";
import { spansInMemory } from "../trace/spanSource";
import { buildTree } from "../trace/spanTree";
import { deriveState, type SessionState } from "../trace/state";
import { summarizeTrace, type TraceSummaryView } from "../trace/summarizeTrace";
import { reportedUsage } from "../trace/traceUsage";

export interface SessionPicture {
  /** Absolute path of `S.json`, or of the file that was read alone. */
  readonly key: string;
  readonly session: LoadedSession;
  readonly state: SessionState;
  /** With the flags of `findFailures`. */
  readonly columns: SpanColumns;
  readonly tree: SpanTree;
  readonly failures: Failures;
  readonly summary: TraceSummaryView;
  readonly problems: readonly Problem[];
  readonly nowMs: number;
}

/** @throws the system's error where the directory can't be read */
export async function loadPicture(key: string, nowMs: number): Promise<SessionPicture> {
  const session = await loadSession(key, makeProbeLiveness());
  const spans: readonly TraceSpan[] = session.trace.spans;
  const { columns, problems } = buildColumns(spans, describeSpan);
  const tree = buildTree(columns);
  const state = deriveState(session.evidence, nowMs);
  const keyOf = (row: number) => {
    const span = spans[row];
    return span === undefined ? "" : actionKey(span);
  };
  const usage = reportedUsage(spans, columns.count);
  const failures = findFailures(columns, tree, keyOf, state);
  return {
    key,
    session,
    state,
    columns,
    tree,
    failures,
    summary: summarizeTrace({ header: session.trace, spans: spansInMemory(spans), columns, usage }),
    problems: [...session.problems, ...problems],
    nowMs,
  };
}

/** Nothing of a trace could be read: the problems say why. */
export function isNoTrace({ session }: SessionPicture): boolean {
  return session.trace.spans.length === 0 && !session.evidence.hasSnapshot && session.evidence.journal === undefined;
}

export function spanAt({ session }: SessionPicture, row: number): TraceSpan | undefined {
  return session.trace.spans[row];
}
