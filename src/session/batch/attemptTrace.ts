// What the trace of an attempt says of it: whether it runs, and how it ended. It is read as every viewer reads it, so that
// an attempt that was killed counts as crashed here as it does there.

import { join } from "node:path";
import type { AttemptOutcome } from "../../batch/runner";
import { type FileAccess, isMissing, nodeFileAccess } from "../../store/fileAccess";
import { loadSession } from "../../store/loadSession";
import { SessionRow } from "../../store/sessionRow";
import { actionKey } from "../../trace/actionKey";
import { mostErrorLength } from "../../trace/batch/batchRecord";
import { buildColumns } from "../../trace/buildColumns";
import { describeSpan } from "../../trace/describeSpan";
import { findFailures } from "../../trace/failures";
import { playbookAttribute } from "../../trace/runAttributes";
import { traceFileNames } from "../../trace/safeId";
import type { TraceSpan } from "../../trace/schema";
import type { LoadedSession, ProbeLiveness } from "../../trace/sessionFiles";
import { spanError } from "../../trace/spanError";
import { describeOutcome } from "../../trace/spanOutcome";
import { buildTree } from "../../trace/spanTree";
import { deriveState, type SessionState } from "../../trace/state";
import { tellingLine } from "./tellingLine";

export type AttemptSeen =
  /** No file of it is there. */
  | { readonly type: "none" }
  | { readonly type: "running" }
  /** Nobody here can know whether its process is still there. */
  | { readonly type: "unknown" }
  | { readonly type: "ended"; readonly outcome: AttemptOutcome };

/** A longer trace is not read for its failing step; what its end says is all that is told. */
const longestReadBytes = 32 * 1024 * 1024;
/** An attempt has one; a recovery may begin another. */
const mostIncarnations = 3;

/** @param sessionId safe as it is. Rejects with the system's error where the directory can't be read */
export async function readAttempt(directory: string, sessionId: string, probe: ProbeLiveness): Promise<AttemptSeen> {
  const names = await namesOf(directory, sessionId);
  if (names.size === 0) return { type: "none" };
  const sizeBytes = [...names.values()].reduce((sum, each) => sum + each, 0);
  const access: FileAccess = { ...nodeFileAccess, list: async () => [...(await namesOf(directory, sessionId)).keys()] };
  if (sizeBytes > longestReadBytes) return await readEnds(directory, sessionId, [...names.keys()], probe);
  const session = await loadSession(join(directory, traceFileNames.snapshot(sessionId)), probe, undefined, access);
  const state = deriveState(session.evidence, Date.now());
  return seenOf(state, () => outcomeOf(session, state));
}

/** The files that there are, with their sizes. A directory of thousands of runs is not listed for each of them. */
async function namesOf(directory: string, sessionId: string): Promise<Map<string, number>> {
  const candidates = [
    traceFileNames.live(sessionId),
    traceFileNames.crash(sessionId),
    ...Array.from({ length: mostIncarnations }, (_, index) => traceFileNames.journal(sessionId, index + 1)),
    traceFileNames.snapshot(sessionId),
  ];
  const found = new Map<string, number>();
  for (const name of candidates) {
    try {
      found.set(name, (await nodeFileAccess.stat(join(directory, name))).sizeBytes);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return found;
}

async function readEnds(directory: string, sessionId: string, names: readonly string[], probe: ProbeLiveness) {
  const row = new SessionRow(directory, sessionId);
  await row.update({ access: nodeFileAccess, now: Date.now }, names);
  const state = row.derive(probe, Date.now())?.state;
  if (state === undefined) return { type: "none" } as const;
  return seenOf(state, () => ({
    outcome: state.status === "completed" ? "succeeded" : state.status === "crashed" ? "crashed" : "failed",
    error: cutError(errorOfState(state)),
  }));
}

function seenOf(state: SessionState, outcome: () => AttemptOutcome): AttemptSeen {
  switch (state.status) {
    case "running":
    case "waiting":
      return { type: "running" };
    case "unknown":
      return { type: "unknown" };
    default:
      return { type: "ended", outcome: outcome() };
  }
}

function outcomeOf({ trace }: LoadedSession, state: SessionState): AttemptOutcome {
  const { spans } = trace;
  const exitCode = exitCodeOf(spans);
  const code = exitCode === undefined ? {} : { exitCode };
  if (state.status === "completed") return { outcome: "succeeded", ...code };
  const root = spans.find(({ parentSpanId }) => parentSpanId === null);
  const failing = failingStep(spans, state);
  const error = cutError(errorText(state, root, failing));
  if (state.status === "crashed") return { outcome: "crashed", error, ...code };
  return { outcome: root?.interrupted === true ? "cancelled" : "failed", error, ...code };
}

/** Of the program; of a playbook that of the command that failed. */
function exitCodeOf(spans: readonly TraceSpan[]): number | undefined {
  const commands = spans.filter(({ kind, attributes }) => kind === "tool" && attributes?.["exitCode"] !== undefined);
  const of = commands.findLast(({ status }) => status === "error") ?? commands.at(-1);
  const code = of?.attributes?.["exitCode"];
  return typeof code === "number" && Number.isSafeInteger(code) ? code : undefined;
}

function failingStep(spans: readonly TraceSpan[], state: SessionState): TraceSpan | undefined {
  const { columns } = buildColumns(spans, describeSpan);
  const keyOf = (row: number) => {
    const span = spans[row];
    return span === undefined ? "" : actionKey(span);
  };
  const { failingStep: found } = findFailures(columns, buildTree(columns), keyOf, state);
  return spans[found?.row ?? -1];
}

/** What a person reads first of a failed session; where that is how a program ended, with the line that tells why. */
function errorText(state: SessionState, root: TraceSpan | undefined, failing: TraceSpan | undefined): string {
  const ofStep = failing === undefined ? undefined : spanError(failing)?.message;
  const isPlaybook = root?.attributes?.[playbookAttribute] !== undefined;
  const message = state.status === "failed" && (isPlaybook || ofStep === undefined) ? state.error : ofStep;
  const text = message ?? errorOfState(state);
  if (failing === undefined || state.status !== "failed" || typeof failing.output !== "string") return text;
  const how = describeOutcome(failing);
  if (how === "" || !text.endsWith(how)) return text;
  const line = tellingLine(failing.output);
  return line === undefined ? text : `${text}: ${line}`;
}

function errorOfState(state: SessionState): string {
  if (state.error !== undefined) return state.error;
  return state.status === "crashed" ? "its process was killed" : "failed";
}

function cutError(text: string): string {
  return text.length > mostErrorLength ? `${text.slice(0, mostErrorLength - 1)}…` : text;
}
