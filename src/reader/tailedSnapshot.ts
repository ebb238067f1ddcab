// `S.json` as what journals are added to: its head, and its spans where somebody needs them.

import { rowsPerStep, type Steps } from "../base/steps";
import type { FileStamp } from "../store/fileAccess";
import { columnsInSteps } from "../trace/buildColumns";
import { withTexts } from "../trace/fillTexts";
import type { FirstRows } from "../trace/growingRows";
import { outputIndex } from "../trace/outputIndex";
import { readSnapshotInSteps } from "../trace/readSnapshot";
import type { ScannedSnapshot } from "../trace/scannedSnapshot";
import type { SpanEvent, TraceFile, TraceSummary } from "../trace/schema";
import type { SnapshotHead } from "../trace/sessionEvidence";
import { kindCodes, type SpanColumns } from "../trace/spanColumns";
import { type SpanSource, spansInMemory } from "../trace/spanSource";
import { totalsInSteps } from "../trace/traceSummary";
import { reportedUsage } from "../trace/traceUsage";
import { inTurns } from "./inTurns";
import type { OpenedSnapshot } from "./scannedFile";
import { mostRowsWithTexts, usageOf } from "./scannedReading";

const toolKind = kindCodes.indexOf("tool");
const generationKind = kindCodes.indexOf("generation");

/** A file by its name as it was when somebody looked. */
export interface Seen {
  readonly path: string;
  readonly stamp: FileStamp;
}

export interface TailedSnapshot {
  readonly head: SnapshotHead | undefined;
  readonly firstRows: () => Steps<FirstRows | undefined>;
  /** Why nothing of it can be read. */
  readonly unreadable: { readonly name: string; readonly reason: string } | undefined;
  close(): Promise<void>;
}

/** Where there is no `S.json`. */
export const noSnapshot: TailedSnapshot = {
  head: undefined,
  *firstRows() {
    yield;
    return undefined;
  },
  unreadable: undefined,
  close: async () => {},
};

/** Rejects with the signal's reason, but never where a file is open. */
export async function tailedSnapshot(opened: OpenedSnapshot, signal: AbortSignal): Promise<TailedSnapshot> {
  switch (opened.type) {
    case "scanned": {
      const { header, problems, truncated } = opened.snapshot;
      return {
        ...noSnapshot,
        head: { header, problems, truncated },
        firstRows: () => rowsOfScan(opened.snapshot),
        close: () => opened.file.close(),
      };
    }
    case "whole": {
      const read = await inTurns(readSnapshotInSteps(opened.bytes, opened.name), signal);
      const { trace, problems, truncated } = read;
      return {
        ...noSnapshot,
        head: { header: trace && headOf(trace), problems, truncated },
        firstRows: () => (trace === undefined ? noSnapshot.firstRows() : rowsInMemory(trace)),
      };
    }
    case "unreadable":
      return { ...noSnapshot, unreadable: { name: opened.name, reason: opened.reason } };
  }
}

function* rowsOfScan(snapshot: ScannedSnapshot): Steps<FirstRows> {
  const { spans, columns, header, scanned } = snapshot;
  const { latestEventMs } = scanned;
  const described = yield* describedColumns(columns, spans);
  const usage = usageOf(snapshot);
  yield;
  const summary = yield* totalsOf(snapshot);
  return { spans, ...described, usage, latestEventMs, summary, metadata: header.metadata };
}

/** With labels and outcomes where they are few enough. */
function* describedColumns(
  columns: SpanColumns,
  spans: SpanSource,
): Steps<{ readonly columns: SpanColumns; readonly hasTexts: boolean }> {
  const hasTexts = columns.count <= mostRowsWithTexts;
  if (!hasTexts) return { columns, hasTexts };
  const index = outputIndex(spans, columns);
  yield;
  return { columns: withTexts(columns, spans, index), hasTexts };
}

/** What `summariseSpans` says of these spans, but that calls of tools took the time from their start to their end. */
function* totalsOf({ columns, spans, scanned }: ScannedSnapshot): Steps<TraceSummary> {
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  const sums = { totalTokens: 0, totalToolCalls: 0, totalGenerations: 0 };
  let totalCost: number | undefined;
  for (let index = 0; index < scanned.usage.count; index++) {
    if (index % rowsPerStep === 0) yield;
    const cost = scanned.usage.costAt(index);
    if (!Number.isNaN(cost)) totalCost = (totalCost ?? 0) + cost;
    const counts = scanned.usage.tokensAt(index) ?? {};
    let sum = 0;
    for (const name of ["input", "output", "reasoning", "cacheRead", "cacheWrite"] as const) {
      tokens[name] += counts[name] ?? 0;
      sum += counts[name] ?? 0;
    }
    sums.totalTokens += sum > 0 ? sum : (counts.total ?? 0);
  }
  const tools = new Map<string, { name: string; count: number; totalDuration: number }>();
  for (let row = 0; row < spans.count; row++) {
    if (row % rowsPerStep === 0) yield;
    if (columns.kind[row] === generationKind) sums.totalGenerations++;
    if (columns.kind[row] !== toolKind) continue;
    sums.totalToolCalls++;
    const name = spans.toolNameAt(row);
    const known = tools.get(name) ?? { name, count: 0, totalDuration: 0 };
    const tookMs = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
    known.count++;
    if (tookMs > 0) known.totalDuration += tookMs;
    tools.set(name, known);
  }
  // All of them: with what comes, another ten may be those that are called most.
  const cost = totalCost === undefined ? {} : { totalCost };
  return { ...sums, tokens, ...cost, topTools: [...tools.values()] };
}

function* rowsInMemory({ spans: list, metadata }: TraceFile): Steps<FirstRows> {
  const spans = spansInMemory(list);
  const built = yield* columnsInSteps(list);
  const described = yield* describedColumns(built.columns, spans);
  yield;
  const usage = reportedUsage(list, built.columns.count);
  yield;
  let latestEventMs = Number.NEGATIVE_INFINITY;
  for (const [row, { events }] of list.entries()) {
    if (row % rowsPerStep === 0) yield;
    latestEventMs = Math.max(latestEventMs, latestOf(events));
  }
  const summary = yield* totalsInSteps(list);
  return { spans, ...described, usage, latestEventMs, summary, metadata };
}

function latestOf(events: readonly SpanEvent[] = []): number {
  return events.reduce((latest, { timeMs }) => Math.max(latest, timeMs), Number.NEGATIVE_INFINITY);
}

function headOf({ spans: _spans, ...header }: TraceFile): SnapshotHead["header"] {
  return header;
}
