// A session read whole and everything that is derived from it: what `show` draws and writes.

import { detectFormat } from "../importers/detectFormat";
import { fileHead } from "../reader/fileHead";
import { loadImported } from "../reader/loadImported";
import { makeProbeLiveness } from "../recorder/liveness";
import { nodeFileAccess } from "../store/fileAccess";
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
  /** Absolute path of `S.json`, or of another program's file. */
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
  const session = await load(key);
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

async function load(key: string): Promise<LoadedSession> {
  const format = await fileHead(nodeFileAccess, key).then(detectFormat, () => "unknown" as const);
  // Why a file can't be read, and what a damaged one still tells, the tolerant reader says.
  if (format === "trace" || format === "unknown" || format === "empty") {
    return await loadSession(key, makeProbeLiveness());
  }
  return await loadImported(key, format, nodeFileAccess);
}

/** Nothing of a trace could be read: the problems say why. */
export function isNoTrace({ session }: SessionPicture): boolean {
  return session.trace.spans.length === 0 && !session.evidence.hasSnapshot && session.evidence.journal === undefined;
}

export function spanAt({ session }: SessionPicture, row: number): TraceSpan | undefined {
  return session.trace.spans[row];
}
