// A file system whose user can die and be buried. A process that has died waits for answers that never come, and in a
// test process its queues would make the next one wait as well: burying it lets everything that it waits for fail.

import type { AsyncFileCalls, FileCallName, RecorderFs } from "../../src/recorder/recorderFs";
import { type FaultyFs, ProcessStopped } from "./faultyFs";

export interface MortalFs extends RecorderFs {
  /** Everything that the dead process waits for fails, and so does every later call. */
  bury(): void;
}

export function mortalFs(fs: FaultyFs): MortalFs {
  const waiting = new Set<(error: Error) => void>();
  let isBuried = false;
  const calls = fs.async as unknown as Record<FileCallName, (...args: readonly unknown[]) => Promise<unknown>>;
  const mortal = ([name, call]: [string, (...args: readonly unknown[]) => Promise<unknown>]) => [
    name,
    (...args: readonly unknown[]) =>
      new Promise((resolve, reject) => {
        if (isBuried) return reject(new ProcessStopped(`${name} after the process was buried`));
        waiting.add(reject);
        const settled = () => waiting.delete(reject);
        call(...args).then(
          (value) => void (settled() && resolve(value)),
          (error) => void (settled() && reject(error)),
        );
      }),
  ];
  return {
    sync: fs.sync,
    async: Object.fromEntries(Object.entries(calls).map(mortal)) as unknown as AsyncFileCalls,
    bury: () => {
      isBuried = true;
      for (const reject of waiting) reject(new ProcessStopped("The process was buried"));
      waiting.clear();
    },
  };
}
