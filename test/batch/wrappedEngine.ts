// The local engine over a wrapped store, in a directory of its own.

import { expect } from "vitest";
import { defaultSettings } from "../../src/batch/batchRequest";
import { BatchService } from "../../src/batch/batchService";
import { DirectoryStore } from "../../src/batch/directoryStore";
import { LocalEngine } from "../../src/batch/localEngine";
import type { BatchState } from "../../src/trace/batch/batchState";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { RecordingRunner } from "./recordingRunner";
import { TestClock } from "./testClock";
import { WrappedStore } from "./wrappedStore";

export interface WrappedEngine extends AsyncDisposable {
  readonly folder: TempDir;
  readonly store: WrappedStore;
  readonly engine: LocalEngine;
  /** For callbacks at instants that the engine would not choose. */
  readonly service: BatchService;
  readonly runner: RecordingRunner;
  readonly clock: TestClock;
  readonly problems: string[];
  ended(id: string): Promise<BatchState>;
  dispose(): Promise<void>;
}

export async function wrappedEngine(given?: TempDir, clock = new TestClock()): Promise<WrappedEngine> {
  const folder = given ?? (await makeTempDir());
  const problems: string[] = [];
  const onProblem = (message: string) => void problems.push(message);
  const directory = new DirectoryStore({ directory: folder.path, clock, onProblem });
  const store = new WrappedStore(directory);
  const runner = new RecordingRunner({ directory: folder.path, isRecording: false });
  const settings = defaultSettings;
  const engine = new LocalEngine({ store, runner, clock, settings, onProblem });
  const service = new BatchService({ store, clock, settings, engine: "local", onSealed() {}, onProblem });
  const dispose = async () => {
    await engine.dispose();
    await directory.dispose();
  };
  return {
    folder,
    store,
    engine,
    service,
    runner,
    clock,
    problems,
    async ended(id) {
      for (;;) {
        const state = await directory.state(id);
        if (state?.isFinal) return state;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    dispose,
    async [Symbol.asyncDispose]() {
      await dispose();
      if (given === undefined) await folder.remove();
      expect(problems).toEqual([]);
    },
  };
}
