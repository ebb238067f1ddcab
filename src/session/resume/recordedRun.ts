// What the trace of a session tells of its playbook run, for whoever resumes it. The trace is read as every viewer reads it,
// journals and damage included, and never written: also one whose process was killed and that nobody has recovered yet.

import { basename, dirname, join } from "node:path";
import { makeProbeLiveness } from "../../recorder/liveness";
import { loadSession } from "../../store/loadSession";
import { isMasked } from "../../trace/maskedText";
import { checkpointEvent, playbookAttribute, resumedAttribute, stepAttribute } from "../../trace/runAttributes";
import type { TraceFile, TraceSpan } from "../../trace/schema";
import type { ProbeLiveness } from "../../trace/sessionFiles";
import { isFields } from "../../trace/soundSpan";
import { deriveState } from "../../trace/state";
import type { BusEvent, Delivered, EventOf } from "../bus/delivered";
import type { RunEvent, StepRef, StepResult } from "../steps/runEvent";
import { type RunState, readCheckpoint } from "./checkpoint";
import { type RecordedProgram, recordedPrograms, stepPaths, stepSpans } from "./recordedPrograms";

/** The session can't be resumed; the message says why. */
export class ResumeError extends Error {
  /**
   * `empty`: it did not come to its first step, so an older session is what can be resumed. `unknown`: nobody knows here
   * whether it still runs, and `isGone` says that it does not. `resumed`: another session went on with it. `path`: nobody
   * knows which playbook it ran.
   */
  readonly reason: "empty" | "running" | "unknown" | "resumed" | "path" | "other";

  constructor(message: string, reason: ResumeError["reason"]) {
    super(message);
    this.reason = reason;
  }
}

export interface RecordedRun {
  /** Path of `S.json`. */
  readonly file: string;
  readonly sessionId: string;
  readonly traceId: string;
  readonly rootSpanId: string;
  /** Goes on in the session that resumes it, and with it the numbers of its action log. */
  readonly runId: string;
  /** Raw id of the folder of that log, where it is another one. */
  readonly actionLogId: string | undefined;
  readonly name: string;
  /** Of the playbook, secrets masked; see `playbookOfRun`. */
  readonly path: string;
  /** As they were, secrets masked. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Whether results were saved where the playbook itself did not say so. */
  readonly isSaved: boolean;
  /** In which session steps ran first, for what belongs to them beyond a session. */
  readonly origins: StepOrigins;
  /** Of all checkpoints together. */
  readonly state: RunState;
  /** By path: the last result of each step, in the order in which they came. */
  readonly results: ReadonlyMap<string, StepResult>;
  /** By path: each step that was begun, as it was when it was begun last. */
  readonly refs: ReadonlyMap<string, StepRef>;
  /** What came of it; undefined for a run that was cut off: killed, crashed, stopped by somebody. */
  readonly end: { readonly isOk: boolean } | undefined;
  /** In words: what of the record is lost. */
  readonly problems: readonly string[];
  /** That it has started, also those that have ended. */
  readonly programs: readonly RecordedProgram[];
  /** By span: path of the step that it belongs to. */
  readonly paths: ReadonlyMap<string, string>;
}

export interface StepOrigins {
  /** The first of those that were resumed one after the other. */
  readonly first: string;
  /** By path: the session in which a step was to run again although it had finished. */
  readonly rerun: Readonly<Record<string, string>>;
}

export interface ReadingOptions {
  readonly probe?: ProbeLiveness;
  readonly nowMs?: number;
  /** A person knows that a writer of whom nothing is known here is gone. */
  readonly isGone?: boolean;
}

/**
 * Of a session that was to resume another one and did not come to its first step: that other one.
 * @param file `S.json`, which need not exist yet. Rejects with a `ResumeError`, or with the system's error
 */
export async function readRecordedRun(file: string, options: ReadingOptions = {}): Promise<RecordedRun> {
  const { probe = makeProbeLiveness(), nowMs = Date.now(), isGone = false } = options;
  const seen = new Set<string>();
  for (let path = file; ; ) {
    seen.add(path);
    const { trace, evidence, sessionId } = await loadSession(path, probe);
    const { status } = deriveState(evidence, nowMs);
    const root = trace.spans.find(({ attributes }) => hasOne(attributes, playbookAttribute, resumedAttribute));
    const isEmpty = !trace.spans.some(({ attributes }) => hasOne(attributes, stepAttribute));
    if (root === undefined)
      throw new ResumeError(`${sessionId} is no run of a playbook that could be resumed`, isEmpty ? "empty" : "other");
    if (status === "running" || status === "waiting") throw new ResumeError(`${sessionId} is still running`, "running");
    if (status === "unknown" && !isGone) {
      throw new ResumeError(`nobody knows here whether ${sessionId} still runs`, "unknown");
    }
    const record = recordOf(trace, root, sessionId);
    if (typeof record !== "string") {
      return { file: path, sessionId, traceId: trace.traceId, rootSpanId: root.spanId, ...record };
    }
    const earlier = earlierFile(root, path);
    if (!isEmpty || earlier === undefined || seen.has(earlier)) {
      throw new ResumeError(`${sessionId} holds nothing to go on from: ${record}`, isEmpty ? "empty" : "other");
    }
    path = earlier;
  }
}

function earlierFile({ attributes }: TraceSpan, own: string): string | undefined {
  const file = (attributes?.[resumedAttribute] as { readonly file?: unknown } | undefined)?.file;
  if (typeof file !== "string") return undefined;
  // What is masked in it is the folder as a rule, which is nearly always this one's.
  return isMasked(file) ? join(dirname(own), basename(file)) : file;
}

function hasOne(attributes: TraceSpan["attributes"], ...names: readonly string[]): boolean {
  return names.some((name) => attributes?.[name] !== undefined);
}

type Recorded = Omit<RecordedRun, "file" | "sessionId" | "traceId" | "rootSpanId">;

/** In words where there is nothing to go on from. */
function recordOf(trace: TraceFile, root: TraceSpan, sessionId: string): Recorded | string {
  const { state, problems } = stateOf(root);
  const start = beginningOf(state, root);
  if (start === undefined) {
    if (problems.length > 0) return problems.join("; ");
    return "it was run without checkpoints, or did not come to its first";
  }
  const paths = stepPaths(trace);
  const spans = stepSpans(trace, paths);
  const originOf = (path: string) => ({ sessionId, traceId: trace.traceId, spanId: spans.get(path)?.at(-1) });
  const events = state.events.map((delivered): Delivered<RunEvent> => {
    if (!isOf(delivered, "stepFinished") || delivered.event.result.origin !== undefined) return delivered;
    const { event } = delivered;
    const result = { ...event.result, origin: originOf(event.result.step.path) };
    return { ...delivered, event: { ...event, result } };
  });
  const end = state.events.findLast((delivered) => isOf(delivered, "runFinished"))?.event;
  return {
    ...start,
    actionLogId: actionLogOf(root),
    isSaved: (root.attributes?.[playbookAttribute] as { readonly checkpoints?: unknown } | null)?.checkpoints !== false,
    origins: originsOf(root, sessionId),
    state: { ...state, events },
    results: lastResults(events),
    refs: lastRefs(events),
    end: end === undefined || end.isInterrupted === true ? undefined : { isOk: end.isOk },
    problems,
    programs: recordedPrograms(trace, paths),
    paths,
  };
}

/** Where the run was armed by a playbook within it, its own beginning was not recorded, and the root alone tells of it. */
function beginningOf(
  { events }: RunState,
  { attributes }: TraceSpan,
): Pick<RecordedRun, "runId" | "name" | "path" | "params"> | undefined {
  const start = events.findLast((delivered) => isOf(delivered, "runStarted"));
  if (start !== undefined) {
    const { name, path, params } = start.event;
    return { runId: start.scope.runId, name, path, params };
  }
  const facts = attributes?.[playbookAttribute];
  if (events.length === 0 || !isFields(facts)) return undefined;
  const { runId, name, path, params } = facts as Readonly<Record<string, unknown>>;
  if (typeof runId !== "string" || typeof name !== "string" || typeof path !== "string") return undefined;
  return { runId, name, path, params: isFields(params) ? (params as RecordedRun["params"]) : {} };
}

function actionLogOf({ attributes }: TraceSpan): string | undefined {
  const facts = attributes?.[playbookAttribute] as { readonly actionLog?: unknown } | null | undefined;
  return typeof facts?.actionLog === "string" ? facts.actionLog : undefined;
}

function originsOf({ attributes }: TraceSpan, sessionId: string): StepOrigins {
  const { first, rerun } = (attributes?.[resumedAttribute] ?? {}) as {
    readonly first?: unknown;
    readonly rerun?: unknown;
  };
  const sessions = isFields(rerun) ? Object.entries(rerun).filter(([, each]) => typeof each === "string") : [];
  return {
    first: typeof first === "string" ? first : sessionId,
    rerun: Object.fromEntries(sessions) as Record<string, string>,
  };
}

function isOf<T extends RunEvent["type"]>(
  delivered: Delivered<RunEvent>,
  type: T,
): delivered is Delivered<EventOf<RunEvent, T> & BusEvent> {
  return delivered.event.type === type;
}

/** A checkpoint that could not be written at once may stand there twice; each event counts once. */
function stateOf({ events = [] }: TraceSpan): { readonly state: RunState; readonly problems: readonly string[] } {
  const sources = new Map<string, RunState["sources"][number]>();
  const delivered = new Map<number, Delivered<RunEvent>>();
  const problems: string[] = [];
  let expected = 1;
  for (const event of events) {
    if (event.name !== checkpointEvent) continue;
    const checkpoint = readCheckpoint(event.attributes);
    if (checkpoint === undefined) {
      problems.push("a checkpoint can't be read");
      expected++;
      continue;
    }
    const { number, state } = checkpoint;
    if (number > expected) problems.push(`${number - expected} of its checkpoints are lost`);
    expected = Math.max(expected, number + 1);
    for (const source of state.sources) sources.set(source.id, source);
    for (const each of state.events) delivered.set(each.seq, each);
  }
  const inOrder = [...delivered.values()].sort((one, other) => one.seq - other.seq);
  return { state: { sources: [...sources.values()], events: inOrder }, problems };
}

/** Inserted anew, so that the order is that of the last time. */
export function lastResults(events: RunState["events"]): Map<string, StepResult> {
  const results = new Map<string, StepResult>();
  for (const { event } of events) {
    if (event.type !== "stepFinished") continue;
    results.delete(event.result.step.path);
    results.set(event.result.step.path, event.result);
  }
  return results;
}

/** A result says what its step was when it ran, which is not when that was begun anew. */
function lastRefs(events: RunState["events"]): Map<string, StepRef> {
  const refs = new Map<string, StepRef>();
  for (const { event } of events) {
    const ref =
      event.type === "stepStarted" ? event.step : event.type === "stepFinished" ? event.result.step : undefined;
    if (ref !== undefined) refs.set(ref.path, ref);
  }
  return refs;
}
