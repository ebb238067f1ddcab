// Which sessions can be resumed from their failing step, as far as their row in the list tells.

import type { SessionEntry } from "../../../store/sessionEntry";
import { entryTimeMs, isFailed } from "../../sessions/sessionRows";
import { isRunOf } from "../playbookRuns";

/** Whether it holds a checkpoint is told when it is tried. */
export function isResumable(entry: SessionEntry | undefined): boolean {
  return entry?.playbook !== undefined && isFailed(entry);
}

/**
 * The last run that failed.
 * @param path of the playbook whose run it has to be
 */
export function sessionToResume(entries: Iterable<SessionEntry>, path: string | undefined): string | undefined {
  let newest: SessionEntry | undefined;
  for (const entry of entries) {
    if (!isResumable(entry) || (path !== undefined && !isRunOf(entry, path))) continue;
    if (newest === undefined || entryTimeMs(entry) > entryTimeMs(newest)) newest = entry;
  }
  return newest?.key;
}
