// The order in which batches are listed: by the time at which their logs were made, so that a page of the list begins where
// the one before has ended, whatever happens to the batches meanwhile.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { batchFileNames } from "../../trace/batch/batchIds";

/** @param folder of the batches */
export async function newestFirst(folder: string, ids: readonly string[]): Promise<string[]> {
  const made: { readonly id: string; readonly atMs: number }[] = [];
  // A few thousand at most, each a matter of microseconds.
  for (const id of ids) {
    const facts = await stat(join(folder, batchFileNames.log(id))).catch(() => undefined);
    // Not every file system knows when a file was made.
    if (facts !== undefined) made.push({ id, atMs: facts.birthtimeMs || facts.mtimeMs });
  }
  return made.sort((one, other) => other.atMs - one.atMs || (one.id < other.id ? 1 : -1)).map(({ id }) => id);
}
