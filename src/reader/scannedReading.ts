// What a panel needs of a session whose `S.json` was scanned and that has no journal: columns, tree, state and failures, for
// which few spans are read, and a way to read each of them.

import type { Steps } from "../base/steps";
import { withTexts } from "../trace/fillTexts";
import { outputIndex } from "../trace/outputIndex";
import { OutputReader } from "../trace/outputLines";
import { withEarlierCrash } from "../trace/rootEvent";
import type { ScannedSnapshot } from "../trace/scannedSnapshot";
import { type CombinedFacts, type FilesAround, factsOfFiles, weighFiles } from "../trace/sessionEvidence";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { actionKeysOf } from "../trace/spanActions";
import { treeInSteps } from "../trace/spanTree";
import { credible, totalTokens } from "../trace/spanUsage";
import { failuresOfColumns } from "./failuresOfColumns";
import type { UsageColumns } from "./picture";
import type { SessionReading } from "./sessionSource";

/** Of a longer trace, panels ask for the labels of the rows that they show. */
export const mostRowsWithTexts = 10_000;

const nothingCombined: CombinedFacts = {
  isApplied: false,
  addedRecords: 0,
  lostRecords: 0,
  lostOfNewest: 0,
  problems: [],
};

/**
 * @param files of the session; none of them is a journal
 * @throws TraceReplacedError
 */
export function* scannedReading(
  files: FilesAround,
  snapshot: ScannedSnapshot,
  probe: ProbeLiveness,
): Steps<SessionReading> {
  const { earlierCrash } = weighFiles(files, snapshot, []);
  const spans = (earlierCrash && withEarlierCrash(snapshot.spans, snapshot.columns, earlierCrash)) ?? snapshot.spans;
  const index = outputIndex(spans, snapshot.columns);
  yield;
  const hasTexts = snapshot.columns.count <= mostRowsWithTexts;
  const columns = hasTexts ? withTexts(snapshot.columns, spans, index) : snapshot.columns;
  yield;
  const tree = yield* treeInSteps(columns);
  yield;
  const actions = actionKeysOf(spans, columns);
  yield;
  const usage = usageOf(snapshot);
  yield;
  return {
    ...factsAround(files, snapshot, probe, spans !== snapshot.spans),
    spans,
    columns,
    usage,
    tree,
    output: index && new OutputReader(index, spans),
    hasTexts,
    findFailures: (state) => failuresOfColumns(columns, tree, actions, state),
  };
}

/** Whether the root span may have to show a crash that is not in the file. */
export function hasEarlierCrash(files: FilesAround, snapshot: ScannedSnapshot): boolean {
  return weighFiles(files, snapshot, []).earlierCrash !== undefined;
}

/**
 * What the files say beside the spans.
 * @param isCrashAdded the crash of an older incarnation was put on the root span
 */
export function factsAround(
  files: FilesAround,
  snapshot: ScannedSnapshot,
  probe: ProbeLiveness,
  isCrashAdded: boolean,
): Pick<SessionReading, "session" | "problems"> {
  const weighed = weighFiles(files, snapshot, []);
  const crashMs = isCrashAdded ? (weighed.earlierCrash?.timeMs ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY;
  const { lastActivityMs = Number.NEGATIVE_INFINITY } = snapshot.evidence;
  const spanEvidence = crashMs > lastActivityMs ? { ...snapshot.evidence, lastActivityMs: crashMs } : snapshot.evidence;
  const facts = factsOfFiles(files, snapshot, [], weighed, nothingCombined, spanEvidence, probe);
  const { sessionId, evidence, problems } = facts;
  return {
    session: { safeId: files.safeId, sessionId, header: snapshot.header, evidence },
    problems: [...problems, ...snapshot.treeProblems],
  };
}

export function usageOf({ scanned: { usage }, columns }: ScannedSnapshot): UsageColumns {
  const tokens = new Float64Array(columns.count).fill(Number.NaN);
  const cost = new Float64Array(columns.count).fill(Number.NaN);
  for (let index = 0; index < usage.count; index++) {
    const row = usage.rowAt(index);
    tokens[row] = totalTokens(usage.tokensAt(index));
    cost[row] = credible(usage.costAt(index)) ?? Number.NaN;
  }
  return { tokens, cost };
}
