// One row of the list of sessions: what is known of a session without reading its spans.

import type { BatchRunRef } from "../trace/batch/batchRun";
import type { Problem } from "../trace/problem";
import type { SessionState } from "../trace/state";
import type { LaunchedPlaybook } from "./launchedPlaybook";

export interface SessionEntry {
  /** Absolute path of the watched directory, as configured. */
  readonly directory: string;
  /** `S`, as the session's files are named. */
  readonly safeId: string;
  /** Absolute path of `S.json`, also while that does not exist: the identity of the session over all directories. */
  readonly key: string;
  /** The raw id where a file tells it, else `safeId`. */
  readonly sessionId: string;
  readonly title?: string | undefined;
  /** First line of the prompt that is not blank, at most 200 characters. */
  readonly prompt?: string | undefined;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  readonly startedMs?: number | undefined;
  /** Undefined while the session runs or where nobody knows. */
  readonly endedMs?: number | undefined;
  /** Of an ended session; never guessed for one that may still run. */
  readonly durationMs?: number | undefined;
  /** Modification time of the newest of its files. */
  readonly modifiedMs: number;
  /** Of all its files together. */
  readonly sizeBytes: number;
  readonly totalTokens?: number | undefined;
  readonly totalCost?: number | undefined;
  /** Failures that count; undefined where no summary tells it and the file is too large to be listed whole. */
  readonly failures?: number | undefined;
  readonly openSpans?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  /**
   * Sessions with equal `program` are runs of the same program: its command where the trace names one
   * (`metadata.command`), else the agent, else the title. Undefined where none of these is known.
   */
  readonly program?: string | undefined;
  /** The playbook that it is a run of. */
  readonly playbook?: LaunchedPlaybook | undefined;
  /** The batch that it is a run of. */
  readonly batch?: BatchRunRef | undefined;
  /** Derived from heads, tails, markers and journal tails alone, at the time of the last change or state refresh. */
  readonly state: SessionState;
  /** The one thing wrong with its files that a row must say: unreadable, no trace, empty, damaged, newer version. */
  readonly problem?: Problem | undefined;
  /** Names of its files in the directory, sorted. */
  readonly files: readonly string[];
}
