// Which sessions can be resumed from their failing step, as far as their row in the list tells.

import type { SessionEntry } from "../../../store/sessionEntry";
import { entryTimeMs, isFailed } from "../../sessions/sessionRows";
import { isRunOf } from "../playbookRuns";

/** Whether it holds a checkpoint is told when it is tried. */
export function isResumable(entry: SessionEntry | undefined): boolean {
  return entry?.playbook !== undefined && isFailed(entry);
}

/**
 * The last run that failed and that no other run went on with.
 * @param path of the playbook whose run it has to be
 */
export function sessionToResume(entries: Iterable<SessionEntry>, path: string | undefined): string | undefined {
  const known = [...entries];
  const resumed = new Set(known.map(({ playbook }) => playbook?.resumedFrom));
  let newest: SessionEntry | undefined;
  for (const entry of known) {
    if (resumed.has(entry.sessionId) || !isResumable(entry) || (path !== undefined && !isRunOf(entry, path))) continue;
    if (newest === undefined || entryTimeMs(entry) > entryTimeMs(newest)) newest = entry;
  }
  return newest?.key;
}
