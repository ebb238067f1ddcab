// The traces of a directory for programs that know altimate-code's recorder: whole files, read one by one. Where a session
// has more files than `S.json` they are put together, so that neither a crash nor a newer record is passed over.

import { readSession } from "../trace/readSession";
import { parseTraceFileName, safeId as toSafeId, traceFileNames } from "../trace/safeId";
import { deriveState } from "../trace/state";
import { safeIdIn } from "./existingTrace";
import { makeProbeLiveness } from "./liveness";
import { type Io, io, nodeFs, runAsync } from "./recorderFs";
import { fieldOf, finiteOf, textOf } from "./safeJson";
import { readSessionOnDisk } from "./sessionOnDisk";
import type { TraceFile } from "./traceTypes";

export interface ListedTrace {
  sessionId: string;
  /** Name of `S.json`. */
  file: string;
  trace: TraceFile;
}

export interface TracePage {
  traces: ListedTrace[];
  /** Of all pages. */
  total: number;
  offset: number;
  limit: number;
}

const defaultLimit = 20;

/** The traces that can be read, the newest start first; none where there is no such directory. Never rejects. */
export async function listTraces(directory: string): Promise<ListedTrace[]> {
  const traces: (ListedTrace & { startMs: number })[] = [];
  for (const safeId of await sessionIds(directory)) {
    const trace = await readQuietly(readTrace(directory, safeId));
    if (trace === undefined) continue;
    const startMs = Date.parse(textOf(trace.startedAt) ?? "");
    traces.push({
      sessionId: trace.sessionId,
      file: traceFileNames.snapshot(safeId),
      trace,
      startMs: Number.isNaN(startMs) ? Number.NEGATIVE_INFINITY : startMs,
    });
  }
  traces.sort((a, b) => (a.startMs === b.startMs ? compare(a.file, b.file) : b.startMs - a.startMs));
  return traces.map(({ sessionId, file, trace }) => ({ sessionId, file, trace }));
}

/** @param options values that make no sense count as the defaults: from 0 on, 20 traces */
export async function listTracesPaginated(directory: string, options: unknown): Promise<TracePage> {
  const all = await listTraces(directory);
  const offset = Math.max(0, Math.trunc(finiteOf(fieldOf(options, "offset")) ?? 0));
  const limit = Math.max(1, Math.trunc(finiteOf(fieldOf(options, "limit")) ?? defaultLimit));
  return { traces: all.slice(offset, offset + limit), total: all.length, offset, limit };
}

/** @param sessionId raw or safe; null where there is no such trace, or none that can be read. Never rejects */
export async function loadTrace(sessionId: unknown, directory: string): Promise<TraceFile | null> {
  const id = textOf(sessionId);
  if (id === undefined) return null;
  const safeId = (await readQuietly(safeIdIn(directory, id))) ?? toSafeId(id);
  const trace = await readQuietly(readTrace(directory, safeId));
  // The safe id of another session is a name for it too: it stands in its trace.
  return trace ?? (await readQuietly(readTrace(directory, toSafeId(id)))) ?? null;
}

async function sessionIds(directory: string): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const name of (await readQuietly(io.list(directory))) ?? []) {
    const parsed = parseTraceFileName(name);
    if (parsed.type === "snapshot" || parsed.type === "journal") ids.add(parsed.safeId);
  }
  return [...ids];
}

function* readTrace(directory: string, safeId: string): Io<TraceFile | undefined> {
  const found = yield* readSessionOnDisk(directory, safeId);
  if (found === undefined || found.facts.size === 0) return undefined;
  const { snapshot, journals, liveMarker, crashMarker, unreadable } = found.files;
  if (journals.length === 0 && !liveMarker && !crashMarker && !unreadable?.length) {
    // Nothing to put together: the file as it is, with all that its producer wrote.
    const value: unknown = snapshot && JSON.parse(new TextDecoder().decode(snapshot.bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as TraceFile) : undefined;
  }
  const { trace, evidence } = readSession(found.files, makeProbeLiveness());
  if (trace.spans.length === 0) return undefined;
  const state = deriveState(evidence, Date.now());
  if (state.status !== "crashed") return trace as TraceFile;
  const error = trace.summary.error ?? state.error;
  const summary = { ...trace.summary, status: "crashed", ...(error === undefined ? {} : { error }) };
  return { ...trace, summary } as TraceFile;
}

async function readQuietly<T>(task: Io<T>): Promise<T | undefined> {
  try {
    return await runAsync(nodeFs, task);
  } catch {
    return undefined;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
