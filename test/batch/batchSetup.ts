// A host of batches in a directory of its own, with the runner, the clock and the items of a test.

import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import type { CreatedBatch, StreamAnswer } from "../../src/batch/batchEngine";
import { BatchHost, type BatchHostOptions } from "../../src/batch/batchHost";
import type { ItemLine } from "../../src/batch/itemLine";
import type { BatchState } from "../../src/trace/batch/batchState";
import { readBatchLog } from "../../src/trace/batch/readBatchLog";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { RecordingRunner, type RecordingRunnerOptions } from "./recordingRunner";

export const never = new AbortController().signal;

export interface BatchTest extends AsyncDisposable {
  readonly folder: TempDir;
  readonly host: BatchHost;
  readonly runner: RecordingRunner;
  readonly problems: string[];
  /** Lets go of the host and makes the next one, as another process would. */
  restart(options?: Partial<RecordingRunnerOptions>): Promise<BatchTest>;
}

export async function startBatches(
  options: Partial<BatchHostOptions> & { readonly runs?: Partial<RecordingRunnerOptions> } = {},
  given?: TempDir,
): Promise<BatchTest> {
  const folder = given ?? (await makeTempDir());
  const problems: string[] = [];
  const runner = new RecordingRunner({ directory: folder.path, ...options.runs });
  const host = new BatchHost({
    directory: folder.path,
    runner,
    onProblem: (message) => void problems.push(message),
    ...options,
  });
  return {
    folder,
    host,
    runner,
    problems,
    restart: async (runs = {}) => {
      await host.dispose();
      const next = await startBatches({ ...options, runs: { ...options.runs, ...runs } }, folder);
      await next.host.takeUp();
      return next;
    },
    [Symbol.asyncDispose]: async () => {
      await host.dispose();
      await folder.remove();
      expect(problems).toEqual([]);
    },
  };
}

export type TestItem = Partial<ItemLine> & { readonly payload?: Uint8Array | undefined };

/** Items with indexes in order, all of the task "ok" where they say nothing else. */
export async function* items(list: readonly TestItem[] | number): AsyncGenerator<ItemLine> {
  const all: readonly TestItem[] = typeof list === "number" ? Array.from({ length: list }, () => ({})) : list;
  for (const [position, item] of all.entries()) {
    yield { line: position + 1, index: position, task: "ok", ...item };
  }
}

export async function trigger(
  { host }: Pick<BatchTest, "host">,
  list: readonly TestItem[],
): Promise<{ readonly created: CreatedBatch; readonly answer: StreamAnswer }> {
  const created = await host.create({ runCount: list.length });
  return { created, answer: await host.streamItems(created.id, items(list), never) };
}

/** As it stands in the log. */
export async function onDisk({ folder }: Pick<BatchTest, "folder">, id: string): Promise<BatchState> {
  const name = `${id}.batch.ndjson`;
  const { state, problems } = readBatchLog(await readFile(folder.join("batches", name)), name);
  expect(problems).toEqual([]);
  return state;
}

/** "PENDING unsealed: created", for each change of the status. */
export function statusesOf(state: BatchState): string[] {
  return state.statusChanges.map(({ status, sealed, why }) => `${status} ${sealed ? "sealed" : "unsealed"}: ${why}`);
}
