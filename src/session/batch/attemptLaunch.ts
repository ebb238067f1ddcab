// The launch of one attempt: what its session runs, in which environment, and to which batch it belongs.

import type { RunAttempt, RunItem } from "../../batch/runner";
import type { Launch, LaunchedBatchRun, LaunchedProgram } from "../launch";
import { commandPayload, playbookParameters } from "./payload";
import { isPlaybookFile, playbookFileName } from "./playbookSearch";
import type { ResolvedTask } from "./taskRegistry";
import type { CommandTask } from "./tasks";

/** What all attempts of a runner have in common. */
export type LaunchSettings = Pick<Launch, "stop"> & Partial<Pick<Launch, "guardrails" | "fsync" | "batchDepth">>;

export interface AttemptLaunch {
  readonly launch: Launch;
  /** What the program reads on its standard input. */
  readonly payload: Uint8Array | undefined;
}

/** A longer payload is in no variable: an environment has an end, and everybody who lists processes may look into it. */
const mostVariableBytes = 16 * 1024;

export interface AttemptLaunchRequest {
  readonly attempt: RunAttempt;
  readonly task: ResolvedTask;
  /** Where a playbook's relative paths begin. */
  readonly folder: string;
  readonly directory: string;
  readonly payloadPath: string;
  readonly settings: LaunchSettings;
  readonly startedBy: Launch["startedBy"];
}

/** Rejects with `ItemRefused`, or with the system's error where the payload can't be read. */
export async function attemptLaunch(request: AttemptLaunchRequest): Promise<AttemptLaunch> {
  const { attempt, task, folder, directory, payloadPath, settings, startedBy } = request;
  const isCommand = task.type === "command";
  const payload = isCommand ? await commandPayload(attempt) : undefined;
  const path = isCommand ? (task.cwd ?? folder) : task.path;
  const launch: Launch = {
    version: 1,
    id: `${attempt.runId}:${attempt.attempt}`,
    directory,
    sessionId: attempt.sessionId,
    title: titleOf(attempt),
    program: isCommand ? programOf(task) : playbookOf(task, (await playbookParameters(attempt)) as Params),
    cwd: isCommand ? (task.cwd ?? folder) : folder,
    capture: "pipes",
    origin: { type: isCommand ? "command" : "playbook", label: attempt.task, path },
    env: { ...(isCommand ? task.env : undefined), ...variables(attempt, payload, payloadPath) },
    batch: batchRunOf(attempt, attempt.attempt),
    batchDepth: 1,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...settings,
  };
  return { launch, payload };
}

type Params = Extract<LaunchedProgram, { type: "playbook" }>["params"];

/** "resize · run 7 of 40 · attempt 2" */
export function titleOf(item: RunItem & { readonly attempt?: number }): string {
  const { options, task, index, runCount, attempt = 1 } = item;
  const name = options.name?.trim() || (isPlaybookFile(task) ? playbookFileName(task) : task);
  return `${name} · run ${index + 1} of ${runCount}${attempt > 1 ? ` · attempt ${attempt}` : ""}`;
}

export function batchRunOf(item: RunItem, attempt: number): LaunchedBatchRun {
  const { batchId: id, batchName, index, runCount, runId } = item;
  return { id, ...(batchName === undefined ? {} : { name: batchName }), index, runCount, runId, attempt };
}

function playbookOf(
  { path, checkpoints }: Extract<ResolvedTask, { type: "playbook" }>,
  params: Params,
): LaunchedProgram {
  return { type: "playbook", path, params, ...(checkpoints === undefined ? {} : { checkpoints }) };
}

function programOf({ command, shell }: CommandTask): LaunchedProgram {
  if (typeof command === "string") return { type: "shell", line: command, ...(shell === undefined ? {} : { shell }) };
  const [file = "", ...args] = command;
  return { type: "process", file, args };
}

/** Those of a batch around this one are taken away. */
function variables(
  { batchId, index, runId, attempt }: RunAttempt,
  payload: Uint8Array | undefined,
  payloadPath: string,
): Record<string, string | null> {
  return {
    TRACEKEEPER_BATCH_ID: batchId,
    TRACEKEEPER_BATCH_INDEX: String(index),
    TRACEKEEPER_BATCH_ATTEMPT: String(attempt),
    TRACEKEEPER_RUN_ID: runId,
    TRACEKEEPER_PAYLOAD_FILE: payload === undefined ? null : payloadPath,
    TRACEKEEPER_PAYLOAD: payload === undefined ? null : variableText(payload),
  };
}

function variableText(payload: Uint8Array): string | null {
  if (payload.length > mostVariableBytes) return null;
  const text = new TextDecoder().decode(payload);
  return text.includes("\0") ? null : text;
}
