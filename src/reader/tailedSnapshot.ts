// `S.json` as what journals are added to: its head, and its spans where somebody needs them.

import type { FileStamp } from "../store/fileAccess";
import { withTexts } from "../trace/fillTexts";
import type { FirstRows } from "../trace/liveRows";
import { outputIndex } from "../trace/outputIndex";
import { readSnapshot } from "../trace/readSnapshot";
import type { ScannedSnapshot } from "../trace/scannedSnapshot";
import type { SpanEvent, TraceFile, TraceSummary } from "../trace/schema";
import type { SnapshotHead } from "../trace/sessionEvidence";
import { kindCodes } from "../trace/spanColumns";
import { evidenceOfSpans } from "../trace/spanEvidence";
import { summariseSpans } from "../trace/traceSummary";
import { readingInMemory } from "./readingInMemory";
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
  readonly firstRows: () => FirstRows | undefined;
  /** Why nothing of it can be read. */
  readonly unreadable: { readonly name: string; readonly reason: string } | undefined;
  close(): Promise<void>;
}

/** Where there is no `S.json`. */
export const noSnapshot: TailedSnapshot = {
  head: undefined,
  firstRows: () => undefined,
  unreadable: undefined,
  close: async () => {},
};

export function tailedSnapshot(opened: OpenedSnapshot): TailedSnapshot {
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
      const { trace, problems, truncated } = readSnapshot(opened.bytes, opened.name);
      return {
        ...noSnapshot,
        head: { header: trace && headOf(trace), problems, truncated },
        firstRows: () => trace && rowsInMemory(trace),
      };
    }
    case "unreadable":
      return { ...noSnapshot, unreadable: { name: opened.name, reason: opened.reason } };
  }
}

function rowsOfScan(snapshot: ScannedSnapshot): FirstRows {
  const { spans, columns, header, scanned } = snapshot;
  const hasTexts = columns.count <= mostRowsWithTexts;
  return {
    spans,
    columns: hasTexts ? withTexts(columns, spans, outputIndex(spans, columns)) : columns,
    usage: usageOf(snapshot),
    latestEventMs: scanned.latestEventMs,
    summary: totalsOf(snapshot),
    metadata: header.metadata,
    hasTexts,
  };
}

/** What `summariseSpans` says of these spans, but that calls of tools took the time from their start to their end. */
function totalsOf({ columns, spans, scanned }: ScannedSnapshot): TraceSummary {
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  const sums = { totalTokens: 0, totalToolCalls: 0, totalGenerations: 0 };
  let totalCost: number | undefined;
  for (let index = 0; index < scanned.usage.count; index++) {
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

function rowsInMemory(trace: TraceFile): FirstRows {
  const evidence = evidenceOfSpans(trace.spans);
  const { spans, columns, usage } = readingInMemory({
    safeId: "",
    sessionId: trace.sessionId,
    trace,
    problems: [],
    evidence: { ...evidence, hasSnapshot: true, liveness: "unknown", truncated: false },
  });
  const latestEventMs = trace.spans.reduce(
    (latest, { events }) => Math.max(latest, latestOf(events)),
    Number.NEGATIVE_INFINITY,
  );
  const summary = summariseSpans(trace.spans);
  return { spans, columns, usage, latestEventMs, summary, metadata: trace.metadata, hasTexts: true };
}

function latestOf(events: readonly SpanEvent[] = []): number {
  return events.reduce((latest, { timeMs }) => Math.max(latest, timeMs), Number.NEGATIVE_INFINITY);
}

function headOf({ spans: _spans, ...header }: TraceFile): SnapshotHead["header"] {
  return header;
}
