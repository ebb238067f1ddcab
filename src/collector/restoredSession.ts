// What a session holds that was collected before: read when it is reopened, so that what comes again counts once, late
// parents find their children, and spans that were open are completed.

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { rowsPerStep, type Steps } from "../base/steps";
import { safeIdIn } from "../recorder/existingTrace";
import { makeProbeLiveness } from "../recorder/liveness";
import { io, nodeFs, runAsync } from "../recorder/recorderFs";
import { filesOfSession, readSessionOnDisk } from "../recorder/sessionOnDisk";
import { inTurns } from "../session/otlpExchange";
import { awaitedAttribute } from "../session/otlpOpenSpans";
import type { RestoredSpan } from "../session/otlpSpanLog";
import { WeightedTurns } from "../session/weightedTurns";
import { readSessionInSteps } from "../trace/readSession";
import type { TraceFile, TraceSpan } from "../trace/schema";
import type { SessionFiles } from "../trace/sessionFiles";

/** The step at the top that ended last: by it a session is told to have failed. */
export interface LastStep {
  readonly endMs: number;
  /** Where it failed. */
  readonly error: string | undefined;
}

export interface RestoredSession {
  /** The raw id. */
  readonly sessionId: string;
  readonly root: TraceSpan | undefined;
  readonly title: string | undefined;
  readonly spans: readonly RestoredSpan[];
  readonly lastStep: LastStep | undefined;
}

/**
 * A larger session is gone on with unread: what comes again still counts once, by its id, but spans whose parents are in
 * the part that was not read stand at the top. Reading takes about ten times the memory.
 */
const mostReadBytes = 64 * 1024 * 1024;

/** Sessions that are read at one time have no more than the largest one alone. */
const reading = new WeightedTurns(mostReadBytes);

/** @returns undefined where there is nothing of it, or too much */
export async function readRestored(
  directory: string,
  sessionId: string,
  mostBytes = mostReadBytes,
): Promise<RestoredSession | undefined> {
  const names = await runAsync(nodeFs, io.list(directory)).catch(() => []);
  const safeId = await runAsync(nodeFs, safeIdIn(directory, sessionId, names)).catch(() => undefined);
  if (safeId === undefined) return undefined;
  const sizeBytes = await sizeOf(directory, filesOfSession(names, safeId));
  if (sizeBytes === 0 || sizeBytes > mostBytes) return undefined;
  return await reading.run(sizeBytes, () => readRestoredFiles(directory, safeId));
}

/** @returns undefined where there are none */
export async function readRestoredFiles(directory: string, safeId: string): Promise<RestoredSession | undefined> {
  const found = await runAsync(nodeFs, readSessionOnDisk(directory, safeId));
  if (found === undefined || found.facts.size === 0) return undefined;
  return await inTurns(restoring(found.files));
}

function* restoring(files: SessionFiles): Steps<RestoredSession> {
  const { sessionId, trace } = yield* readSessionInSteps(files, makeProbeLiveness());
  return yield* restoredFrom(sessionId, trace);
}

async function sizeOf(directory: string, names: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        // It went meanwhile.
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Id of a session's root: the same whenever it is opened, also where nothing of it was read. */
export function rootSpanIdOf(sessionId: string): string {
  return createHash("sha256").update(sessionId).digest("hex").slice(0, 16);
}

function* restoredFrom(sessionId: string, { spans, metadata }: TraceFile): Steps<RestoredSession> {
  const rootSpanId = rootSpanIdOf(sessionId);
  const root = spans.find(({ spanId }) => spanId === rootSpanId);
  const traces = yield* traceIdsOf(spans, rootSpanId);
  const restored: RestoredSpan[] = [];
  let lastStep: LastStep | undefined;
  for (const [index, span] of spans.entries()) {
    if (index % rowsPerStep === 0) yield;
    const traceId = traces.get(span.spanId);
    if (span.spanId === rootSpanId || traceId === undefined) continue;
    const { spanId, kind, name, attributes = {}, events = [], endTime, status, statusMessage, tokens, cost } = span;
    const isTop = span.parentSpanId === rootSpanId;
    const waitsFor = isTop ? textOf(attributes["tracekeeper.parentSpanId"]) : undefined;
    restored.push({
      id: spanId,
      traceId,
      kind,
      name,
      isAwaited: attributes[awaitedAttribute] === true,
      parentId: isTop ? undefined : (span.parentSpanId ?? undefined),
      waitsFor,
      isOpen: endTime === undefined,
      events: endTime === undefined ? events : [],
      reportsUsage: tokens !== undefined || cost !== undefined,
    });
    if (isTop && waitsFor === undefined && endTime !== undefined && endTime >= (lastStep?.endMs ?? 0)) {
      lastStep = { endMs: endTime, error: status === "error" ? (statusMessage ?? `${name} failed`) : undefined };
    }
  }
  return { sessionId, root, title: textOf(metadata.title), spans: restored, lastStep };
}

/** Spans at the top say which trace they are of, and all below them are of the same. */
function* traceIdsOf(spans: readonly TraceSpan[], rootSpanId: string): Steps<ReadonlyMap<string, string>> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const traces = new Map<string, string>();
  for (const [index, span] of spans.entries()) {
    if (index % rowsPerStep === 0) yield;
    const path: string[] = [];
    let traceId: string | undefined;
    for (let at: TraceSpan | undefined = span; at !== undefined && path.length <= spans.length; ) {
      traceId = traces.get(at.spanId) ?? textOf(at.attributes?.["otel.trace_id"]);
      path.push(at.spanId);
      if (traceId !== undefined || at.parentSpanId === null || at.parentSpanId === rootSpanId) break;
      at = byId.get(at.parentSpanId);
    }
    if (traceId !== undefined) for (const id of path) traces.set(id, traceId);
  }
  return traces;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
