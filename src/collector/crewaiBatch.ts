// What a trace batch is, beside its events: said when it is initialised and when it ends, and kept in one attribute of the
// session's root, from which a collector that was started again knows it.

import { isFields } from "../importers/crewaiEvent";
import { crewSpan } from "../importers/crewaiSpan";
import type { CrewStep, CrewTree } from "../importers/crewaiSteps";
import type { Fields } from "../importers/otlpFields";
import type { TraceMetadata, TraceSpan } from "../trace/schema";

export interface CrewBatch {
  readonly id: string;
  /** As it was initialised; empty where its events came without that. */
  readonly sent: Fields;
  readonly isEphemeral: boolean;
  /** When it began, in ms since the epoch. */
  readonly startMs: number;
  readonly outcome?: CrewOutcome | undefined;
}

export interface CrewOutcome {
  /** `timed-out` and `stopped` are ours: whatever comes later goes on with the session. */
  readonly type: "completed" | "failed" | "timed-out" | "stopped";
  readonly reason?: string | undefined;
  /** As crewAI says it. */
  readonly durationMs?: number | undefined;
  readonly eventCount?: number | undefined;
  /** How many were here, where crewAI had counted more. */
  readonly receivedCount?: number | undefined;
}

/** Attribute of the root that holds a `CrewBatch`. */
export const batchAttribute = "crewai.batch";

export function isFinal(outcome: CrewOutcome | undefined): boolean {
  return outcome?.type === "completed" || outcome?.type === "failed";
}

/** The batch of a recorded session; undefined where that is none of crewAI's. */
export function batchOf(root: TraceSpan | undefined): CrewBatch | undefined {
  const batch = root?.attributes?.[batchAttribute];
  if (!isFields(batch) || typeof batch["id"] !== "string" || typeof batch["startMs"] !== "number") return undefined;
  const { id, startMs, sent, isEphemeral, outcome } = batch;
  const said =
    isFields(outcome) && typeof outcome["type"] === "string" ? (outcome as unknown as CrewOutcome) : undefined;
  return { id, startMs, sent: isFields(sent) ? sent : {}, isEphemeral: isEphemeral === true, outcome: said };
}

export function batchMetadata(batch: CrewBatch, run: CrewStep | undefined): TraceMetadata {
  const version = textIn(contextOf(batch), "crewai_version");
  const userId = textIn(batch.sent, "user_identifier");
  return {
    title: nameOf(batch, run),
    agent: "crewAI",
    ...(version === undefined ? {} : { version }),
    ...(userId === undefined ? {} : { userId }),
  };
}

/** The root of the session, still open: the run of the crew or flow where that is known. */
export function rootSpan(batch: CrewBatch, run: CrewStep | undefined, rootId: string): TraceSpan {
  const { endTime: _endTime, ...ofRun } = run === undefined ? { startTime: batch.startMs } : crewSpan(run, rootId, "");
  return {
    status: "ok",
    ...ofRun,
    spanId: rootId,
    parentSpanId: null,
    name: nameOf(batch, run),
    kind: "session",
    startTime: Math.min(ofRun.startTime, batch.startMs),
    attributes: { ...("attributes" in ofRun ? ofRun.attributes : {}), [batchAttribute]: batch },
  };
}

/** How the session ends; see `SessionEnd`. */
export function endOf({ run, lastMs }: CrewTree, batch: CrewBatch, root: TraceSpan, nowMs: number) {
  const { outcome } = batch;
  const isRunOver = run !== undefined && run.role !== "open";
  // A run that is over has its own outcome, also where nobody finalised the batch.
  const isCut = outcome?.type === "failed" || (outcome?.type !== "completed" && !isRunOver);
  const isInterrupted = isCut && outcome?.type !== "failed";
  const error = isCut
    ? (outcome?.reason ?? "crewAI gave no reason")
    : root.status === "error"
      ? root.statusMessage
      : undefined;
  const isError = isCut || root.status === "error";
  const knownMs = isRunOver ? run.endMs : outcome?.type === "completed" ? lastMs : undefined;
  return {
    endTime: Math.max(root.startTime, knownMs ?? nowMs),
    isError,
    error: isError ? (error ?? "The run failed") : undefined,
    isInterrupted,
  };
}

function nameOf(batch: CrewBatch, run: CrewStep | undefined): string {
  const context = contextOf(batch);
  const ofRun = run && (textIn(run.first.data, "crew_name") ?? textIn(run.first.data, "flow_name"));
  const name = ofRun ?? textIn(context, "crew_name") ?? textIn(context, "flow_name");
  return name?.slice(0, longestName) ?? (batch.sent["execution_type"] === "flow" ? "crewAI flow" : "crewAI crew");
}

const longestName = 200;

function contextOf({ sent }: CrewBatch): Fields {
  const context = sent["execution_context"];
  return isFields(context) ? context : {};
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
