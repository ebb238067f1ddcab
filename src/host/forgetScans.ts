// A trace that is deleted leaves nothing in the extension's storage: what the reader kept of it goes as soon as its row
// does. Listings forget it by themselves; see `store/directoryMemory`.

import * as vscode from "vscode";
import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { scansIn } from "../store/storageFolder";
import type { TraceStore } from "../store/traceStore";

/** @param folder where the reader keeps scans */
export function forgetScans(store: Pick<TraceStore, "onDidChange">, folder: string, logger: Logger): Disposable {
  const scans = scansIn(folder);
  return store.onDidChange(({ removed }) => {
    if (!vscode.workspace.isTrusted) return;
    for (const key of removed) {
      void scans.remove(scans.pathFor(key)).catch((error: unknown) => {
        logger.debug(`What is kept of ${key} could not be removed: ${describeError(error)}`);
      });
    }
  });
}
