// The runs of a playbook, found among the sessions by the path that their root tells.

import { resolve } from "node:path";
import type { Disposable } from "../../base/disposable";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { fitsMasked, isMasked } from "../../trace/maskedText";
import { entryTimeMs } from "../sessions/sessionRows";

/** What the editor wants to know of runs; the list of sessions answers it. */
export interface PlaybookRuns {
  /** The newest one; undefined where there is none. */
  lastRun(path: string): SessionEntry | undefined;
  onDidChange(listener: () => void): Disposable;
}

export function runsInStore(store: Pick<TraceStore, "entries" | "onDidChange">): PlaybookRuns {
  return {
    lastRun(path) {
      let newest: SessionEntry | undefined;
      for (const entry of store.entries()) {
        if (!isRunOf(entry, path)) continue;
        if (
          newest === undefined ||
          (entry.startedMs ?? entryTimeMs(entry)) >= (newest.startedMs ?? entryTimeMs(newest))
        )
          newest = entry;
      }
      return newest;
    },
    onDidChange: (listener) =>
      store.onDidChange(({ changed, removed }) => {
        if (removed.length > 0 || changed.some(({ playbook }) => playbook !== undefined)) listener();
      }),
  };
}

export function isRunOf({ playbook }: SessionEntry, path: string): boolean {
  if (playbook === undefined) return false;
  // Secrets are masked in what a trace tells.
  if (isMasked(playbook.path)) return fitsMasked(playbook.path, resolve(path));
  return comparable(playbook.path) === comparable(path);
}

function comparable(path: string): string {
  const absolute = resolve(path);
  return process.platform === "win32" || process.platform === "darwin" ? absolute.toLowerCase() : absolute;
}
