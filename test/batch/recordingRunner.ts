// A runner within the test's own process: each attempt is a real small trace, and what it did is kept in files that tell
// after a restart what was begun and how it ended, as sessions of their own do.

import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AttemptOutcome,
  ItemRefused,
  type PrefailedRun,
  type RunAttempt,
  type RunItem,
  type Runner,
} from "../../src/batch/runner";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";

export type TestTask = (
  attempt: RunAttempt,
  payload: string,
  signal: AbortSignal,
) => Promise<AttemptOutcome | undefined>;

const succeeded: AttemptOutcome = { outcome: "succeeded", exitCode: 0 };

/** Of every test: more come from the test itself. */
const usualTasks: Readonly<Record<string, TestTask>> = {
  ok: async () => succeeded,
  fail: async ({ index }) => ({ outcome: "failed", error: `item ${index} failed`, exitCode: 1 }),
  "fail-once": async ({ attempt }) =>
    attempt === 1 ? { outcome: "failed", error: "not yet", exitCode: 1 } : succeeded,
};

export interface RecordingRunnerOptions {
  readonly directory: string;
  readonly tasks?: Readonly<Record<string, TestTask>>;
  /** Attempts are gone with the engine: what its process began and did not end has crashed. */
  readonly isMortal?: boolean;
  /** False for batches of which the traces would take the test's time. */
  readonly isRecording?: boolean;
  /** Throws where a pre-failed run can't be recorded. */
  readonly onPrefail?: (run: PrefailedRun) => void;
}

/** By the path of its claim: an attempt outlives the engine that began it, as a session of its own does. */
const alive = new Map<string, Promise<AttemptOutcome>>();

export class RecordingRunner implements Runner {
  readonly #options: RecordingRunnerOptions;
  readonly #tasks: ReadonlyMap<string, TestTask>;
  /** Attempts that were begun here, in order: "run_x_0 1". */
  readonly begun: string[] = [];
  readonly prefailed: string[] = [];
  running = 0;
  mostRunning = 0;

  constructor(options: RecordingRunnerOptions) {
    this.#options = options;
    this.#tasks = new Map(Object.entries({ ...usualTasks, ...options.tasks }));
  }

  async prepare({ task, payload }: RunItem): Promise<void> {
    if (!this.#tasks.has(task)) throw new ItemRefused("TASK_UNKNOWN", `There is no task ${task}`);
    if (task === "strict" && (await payload()) === undefined)
      throw new ItemRefused("PAYLOAD_MISSING", "A payload is needed");
  }

  async run(attempt: RunAttempt, signal: AbortSignal): Promise<AttemptOutcome> {
    const folder = join(this.#options.directory, "ran");
    await mkdir(folder, { recursive: true });
    const claim = join(folder, `${attempt.sessionId}.claim`);
    const end = join(folder, `${attempt.sessionId}.end`);
    // What can't be started is not claimed.
    const payload = Buffer.from((await attempt.payload()) ?? []).toString();
    try {
      await writeFile(claim, `${process.pid}`, { flag: "wx" });
    } catch {
      const running = this.#options.isMortal ? undefined : alive.get(claim);
      if (running !== undefined) return await running;
      const text = await readFile(end, "utf8").catch(() => "");
      return text === "" ? { outcome: "crashed", error: "The program is gone" } : (JSON.parse(text) as AttemptOutcome);
    }
    if (signal.aborted) return { outcome: "cancelled" };
    const running = this.#begin(attempt, payload, folder, end, signal);
    alive.set(claim, running);
    try {
      return await running;
    } finally {
      alive.delete(claim);
    }
  }

  async #begin(
    attempt: RunAttempt,
    payload: string,
    folder: string,
    end: string,
    signal: AbortSignal,
  ): Promise<AttemptOutcome> {
    this.begun.push(`${attempt.runId} ${attempt.attempt}`);
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await appendFile(join(folder, "begun"), `${attempt.sessionId}\n`);
      const outcome = await this.#record(attempt, payload, signal);
      await writeFile(end, JSON.stringify(outcome));
      await appendFile(join(folder, "ended"), `${attempt.sessionId} ${outcome.outcome}\n`);
      return outcome;
    } finally {
      this.running--;
    }
  }

  async prefail(run: PrefailedRun): Promise<void> {
    this.#options.onPrefail?.(run);
    this.prefailed.push(run.sessionId);
    const trace = this.#trace(run.sessionId, run.task);
    await trace?.endTrace(run.fault.message);
  }

  async #record(attempt: RunAttempt, payload: string, signal: AbortSignal): Promise<AttemptOutcome> {
    const trace = this.#trace(attempt.sessionId, attempt.task);
    trace?.logUserMessage(payload);
    const outcome = (await this.#tasks.get(attempt.task)?.(attempt, payload, signal)) ?? succeeded;
    await trace?.endTrace(outcome.outcome === "succeeded" ? undefined : (outcome.error ?? outcome.outcome));
    return outcome;
  }

  #trace(sessionId: string, title: string): Trace | undefined {
    if (this.#options.isRecording === false) return undefined;
    const trace = Trace.withExporters([new FileExporter(this.#options.directory, 0)]);
    trace.startTrace(sessionId, { title });
    return trace;
  }
}
