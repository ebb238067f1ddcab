// What to start: written into a file with mode 0600 by who starts a session and read by the session process, so that
// neither arguments nor environment stand on a command line. Beside it the claim: a launch is run once, whoever starts
// its command again.

import { readFile } from "node:fs/promises";
import * as z from "zod/mini";
import { remoteEngineSchema } from "./batch/remoteEngineSchema";
import { tasksSchema } from "./batch/tasks";

export const captureModes = ["terminal", "pipes", "none"] as const;
export type CaptureMode = (typeof captureModes)[number];

const text = z.string();
const pauseMs = z.number().check(z.nonnegative());

const program = z.discriminatedUnion("type", [
  /** A line for the shell: `shell` with `shellArgs` before it, the system's shell where they are left out. */
  z.object({ type: z.literal("shell"), line: text, shell: z.optional(text), shellArgs: z.optional(z.array(text)) }),
  z.object({ type: z.literal("process"), file: text, args: z.array(text) }),
  /** No program: spans alone are recorded until the session is stopped. */
  z.object({ type: z.literal("collect") }),
  z.object({
    type: z.literal("playbook"),
    /** Absolute, or relative to where the session process is started. */
    path: text,
    /** Of its parameters; secrets are taken out of the file once they are read. */
    params: z.record(text, z.union([text, z.number(), z.boolean()])),
    /** Values of the editor's secret storage, by the name that `key_secret` gives; taken out as well. */
    secrets: z.optional(z.record(text, text)),
    /** Of the run, for its action log; the session's where it is left out. */
    runId: z.optional(text),
    /** Whether results are saved where the playbook itself does not say so; they are where it is left out. */
    checkpoints: z.optional(z.boolean()),
    /** Goes on with what an earlier run of it has finished. */
    resume: z.optional(
      z.object({
        /** `S.json` of that run's trace. */
        path: text,
        /** Paths of finished steps that are to run again all the same. */
        again: z.optional(z.array(text)),
        /** A person knows that its writer, of whom nothing is known here, is gone. */
        isGone: z.optional(z.boolean()),
        /** A person wants it although another session went on with it. */
        isRepeated: z.optional(z.boolean()),
      }),
    ),
  }),
]);
export type LaunchedProgram = z.infer<typeof program>;
export type LaunchedPlaybook = Extract<LaunchedProgram, { readonly type: "playbook" }>;
/** Something that the operating system starts. */
export type LaunchedCommand = Extract<LaunchedProgram, { readonly type: "shell" | "process" }>;

const count = z.int().check(z.nonnegative());
const budget = z.optional(z.number().check(z.nonnegative()));
/** As `GuardrailSettings` has them; whether they fit each other is for the detector to say. */
const guardrails = z.object({
  consecutiveErrors: count,
  window: count,
  repeats: z.object({ hint: count, warn: count, stop: count }),
  cycle: z.object({ maxLength: count, times: count }),
  stuckRevisitGap: count,
  failureCluster: z.object({ failures: count, window: count }),
  budget: z.object({ timeMs: budget, costUsd: budget, tokens: budget }),
  /** Also of a program that is no playbook; otherwise what would stop it is told of, and it goes on. */
  stopsPrograms: z.optional(z.boolean()),
});

/** As the attribute `tracekeeper.batch` of the session's root has it. */
const batchRun = z.object({
  id: text,
  name: z.optional(text),
  index: count,
  runCount: count,
  runId: text,
  attempt: count,
});
export type LaunchedBatchRun = z.infer<typeof batchRun>;

export const launchSchema = z.object({
  version: z.literal(1),
  /** Also the name of the file: `<id>.json`. */
  id: text,
  /** Where the trace is written. */
  directory: text,
  /** The raw id of the session, which nobody else has. */
  sessionId: text,
  title: text,
  /** Words after `--` on the command line of the session process stand in its place: see `resolvedLaunch`. */
  program,
  /** Absolute, or relative to where the session process is started. */
  cwd: text,
  capture: z.enum(captureModes),
  /** Directory of the `node-pty` package to load; without it `terminal` falls back to `pipes`, and the trace says why. */
  nodePty: z.optional(text),
  /** Where it came from: what the person picked, for "Run again" and for the session's attributes. */
  origin: z.object({
    type: z.enum(["npmScript", "task", "file", "command", "collect", "playbook"]),
    label: text,
    /** Path of the file or of the package's folder. */
    path: z.optional(text),
  }),
  /** Set in the program's environment; null takes a variable away. */
  env: z.optional(z.record(text, z.nullable(text))),
  /** After a stop: from interrupt to terminate, and from terminate to kill. */
  stop: z.object({ terminateAfterMs: pauseMs, killAfterMs: pauseMs }),
  /** After the end the terminal stays open until a key is pressed. Then the exit code is 0: it was shown already. */
  hold: z.optional(z.boolean()),
  fsync: z.optional(z.enum(["never", "interval", "always"])),
  /** Settings of the guardrails, of which a playbook's own go before; the defaults where they are left out. */
  guardrails: z.optional(guardrails),
  /** What the batches of a playbook can run beside playbooks. */
  tasks: z.optional(tasksSchema),
  /** The installation of trigger.dev that runs the batches of a playbook; its key is taken out once it is read. */
  batchEngine: z.optional(remoteEngineSchema),
  /** It is an attempt at a run of this batch. */
  batch: z.optional(batchRun),
  /** How many batches, this one included, have led to it one within the other. */
  batchDepth: z.optional(count),
  /** Span of another session that has led to this one. */
  startedBy: z.optional(z.object({ sessionId: text, traceId: text, spanId: text })),
});
export type Launch = z.infer<typeof launchSchema>;

/** Stands in `<id>.claim.json` beside the launch: created exclusively, written once the session is recorded. */
export const launchClaimSchema = z.object({
  version: z.literal(1),
  id: text,
  /** Of the session process. */
  pid: z.number(),
  /** When that process started, as its recorder writes it: tells it from a later one with the same number. */
  processStart: z.optional(text),
  /** ISO 8601. */
  claimedAt: text,
  /** Path of `S.json`. */
  path: z.optional(text),
  childPid: z.optional(z.number()),
  /** Why nothing was run and nothing is recorded. */
  refused: z.optional(text),
  /** `POST <url>/stop` with `Authorization: Bearer <token>` stops the session. */
  control: z.optional(z.object({ url: text, token: text })),
});
export type LaunchClaim = z.infer<typeof launchClaimSchema>;

export class LaunchError extends Error {}

export function claimPathOf(launchPath: string): string {
  return launchPath.replace(/(\.json)?$/, ".claim.json");
}

/** Throws a `LaunchError` that names the file, and the field where one is wrong. */
export async function readLaunch(path: string): Promise<Launch> {
  return await readChecked(path, launchSchema);
}

/** The same for the claim; undefined where the launch is not claimed, or its claim is not written yet. */
export async function readClaim(launchPath: string): Promise<LaunchClaim | undefined> {
  try {
    return await readChecked(claimPathOf(launchPath), launchClaimSchema);
  } catch {
    return undefined;
  }
}

async function readChecked<T>(path: string, schema: z.ZodMiniType<T>): Promise<T> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new LaunchError(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LaunchError(`${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not a launch"}`);
}
