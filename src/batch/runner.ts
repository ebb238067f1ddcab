// What runs the items of a batch, as the engine needs it: `src/session/batch` runs them as traced sessions. All of it must
// hold beyond the engine's own process, which may be killed at any instant and started again.

import type { AttemptOutcomeWord, ItemOptions, RunFault } from "../trace/batch/batchRecord";

/** An item of a batch, and the run that is or will be made of it. */
export interface RunItem {
  readonly batchId: string;
  readonly batchName: string | undefined;
  /** Safe id of the session that triggered the batch. */
  readonly parentSession: string | undefined;
  readonly index: number;
  readonly runCount: number;
  readonly runId: string;
  readonly task: string;
  /** Its length in bytes; undefined where there is no payload. */
  readonly payloadBytes: number | undefined;
  readonly payloadType: string | undefined;
  readonly options: ItemOptions;
  /**
   * Read from the disk at each call; undefined where there is none. Rejects with `ItemRefused` where it is damaged, and
   * with the system's error where it can't be read.
   */
  readonly payload: () => Promise<Uint8Array | undefined>;
}

export interface RunAttempt extends RunItem {
  /** From 1 on. */
  readonly attempt: number;
  /** Id of the attempt's session, which is safe as it is: `run_x_7`, then `run_x_7_a2`. */
  readonly sessionId: string;
}

export interface AttemptOutcome {
  readonly outcome: AttemptOutcomeWord;
  readonly error?: string | undefined;
  readonly exitCode?: number | undefined;
}

export interface PrefailedRun extends RunItem {
  readonly sessionId: string;
  readonly fault: RunFault;
}

/** A run can't be created of this item, now or later: its task is unknown, or its payload is none. */
export class ItemRefused extends Error {
  override readonly name = "ItemRefused";
  /** In capitals, for example `TASK_UNKNOWN`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Runner {
  /**
   * Checks that the item can be run. Called again for the same item after a restart, and must say the same then. Rejects
   * with `ItemRefused` where no run can be created of it.
   */
  prepare(item: RunItem): Promise<void>;
  /**
   * Starts this attempt, or finds the one that an earlier process has started (never a second one), and waits for its end.
   * An attempt that was started and is gone without an end has crashed. Aborting stops the program; the promise then
   * resolves as `cancelled`, or with how it ended just before. Rejects where nobody can tell what became of it.
   */
  run(attempt: RunAttempt, signal: AbortSignal): Promise<AttemptOutcome>;
  /** Records a small failed trace in place of a run that can't be created; once, however often it is called. */
  prefail(run: PrefailedRun): Promise<void>;
  /** The engine goes away: nobody waits for attempts any more, and those that can outlive this process go on. */
  leave?(): Promise<void>;
}
