// A runner of real session processes, with items that note in a file what they did, and a batch of which an item is.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pinnedNode } from "../../../scripts/lib/paths.mjs";
import type { RunAttempt } from "../../../src/batch/runner";
import { SessionRunner, type SessionRunnerSetup } from "../../../src/session/batch/sessionRunner";
import { TaskRegistry } from "../../../src/session/batch/taskRegistry";
import type { Tasks } from "../../../src/session/batch/tasks";
import { attemptSessionId, runIdOf } from "../../../src/trace/batch/batchIds";
import { type Folder, makeFolder } from "../runs";

export const batchId = "batch_0123456789abcdefghijk";

export interface RunnerFolder extends AsyncDisposable {
  readonly folder: Folder;
  runner(tasks: Tasks, changes?: Partial<SessionRunnerSetup>): SessionRunner;
  attempt(changes?: Partial<AttemptChanges>): RunAttempt;
  /** Lines of a file in the folder of the tasks. */
  lines(name: string): Promise<string[]>;
  /** Names of what is left of launches. */
  launches(): Promise<string[]>;
}

export interface AttemptChanges extends Omit<RunAttempt, "payload"> {
  readonly payload: string | Uint8Array;
}

export async function makeRunnerFolder(): Promise<RunnerFolder> {
  const folder = await makeFolder();
  const work = folder.dir.join("work");
  return {
    folder,
    runner: (tasks, changes) =>
      new SessionRunner({
        directory: folder.traces(),
        registry: new TaskRegistry(work, tasks),
        program: { execPath: pinnedNode, path: folder.program, isElectron: false },
        settings: { stop: { terminateAfterMs: 60_000, killAfterMs: 60_000 } },
        ...changes,
      }),
    attempt({ payload, ...changes } = {}) {
      const { index = 0, attempt = 1 } = changes;
      const runId = runIdOf(batchId, index);
      const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
      return {
        batchId,
        batchName: undefined,
        parentSession: undefined,
        index,
        runCount: 3,
        runId,
        task: "task",
        payloadBytes: bytes?.length,
        payloadType: bytes === undefined ? undefined : "application/json",
        options: {},
        payload: async () => bytes,
        attempt,
        sessionId: attemptSessionId(runId, attempt),
        ...changes,
      };
    },
    async lines(name) {
      const text = await readFile(join(work, name), "utf8").catch(() => "");
      return text.split("\n").filter((line) => line !== "");
    },
    launches: () => readdir(folder.dir.join("traces", "batches", "launches")).catch(() => []),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

export const never = new AbortController().signal;
