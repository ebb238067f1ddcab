// A batch that goes on when the command that triggered it has ended: another process of this program takes it over.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { readBatch } from "./findBatch";

const lookEveryMs = 50;
const mostWaitMs = 30_000;

/** Resolves when the other process has the batch, or the batch has ended. Rejects where that process ends before. */
export async function goOnInBackground(directory: string, id: string): Promise<void> {
  const child = spawn(process.execPath, [__filename, "batch", "resume", "--quiet", "--dir", directory, id], {
    detached: true,
    stdio: "ignore",
    windowsHide: true,
  });
  await once(child, "spawn");
  let code: number | null | undefined;
  child.once("exit", (exitCode) => {
    code = exitCode;
  });
  const giveUpAtMs = performance.now() + mostWaitMs;
  for (;;) {
    const found = await readBatch(directory, id);
    if (found?.owner?.pid === child.pid || found?.state.isFinal === true) break;
    if (code !== undefined || performance.now() > giveUpAtMs) {
      throw new Error(`Batch ${id} was triggered, and can't be run in the background: tracekeeper batch resume ${id}`);
    }
    await delay(lookEveryMs);
  }
  child.unref();
}
