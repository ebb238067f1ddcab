// A small task as a subject of faults, the two ways to run it, and short words for what tests look at.

import { readWhole, writeNew } from "../../src/recorder/fileTasks";
import { type Io, io, type RecorderFs, runAsync, runSync } from "../../src/recorder/recorderFs";
import { CrashableFs } from "./crashableFs";

export const bytesOf = (text: string) => new TextEncoder().encode(text);
export const newDisk = () => new CrashableFs({ directories: ["/d"] });
export const readText = (fs: RecorderFs, path: string) => new TextDecoder().decode(runSync(fs, readWhole(path)));

export async function errorOf(call: () => unknown): Promise<NodeJS.ErrnoException> {
  try {
    await call();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error("Nothing was thrown");
}

/** Writes `/d/a` under another name first, as snapshots are written. */
export function* replace(text: string): Io<void> {
  yield* writeNew("/d/tmp", bytesOf(text), true);
  yield* io.rename("/d/tmp", "/d/a");
}
export const replaceCalls = ["open /d/tmp", "write /d/tmp", "syncAll /d/tmp", "close /d/tmp", "rename /d/tmp -> /d/a"];

/** Both ways to make a call, so that every test of a fault is one of both. */
export const ways = [
  { way: "sync", run: async <T>(fs: RecorderFs, task: Io<T>) => runSync(fs, task) },
  { way: "async", run: runAsync },
];
