// Lines of a diff as rows of two sides: a line that stayed the same stands on both, a run of removed lines beside the run
// of added lines that follows it.

import type { DiffEntry } from "../../src/trace/diffView";

export type DiffLine = Extract<DiffEntry, { type: "line" }>;

export type DiffRow =
  | { readonly type: "lines"; readonly left: DiffLine | undefined; readonly right: DiffLine | undefined }
  | Exclude<DiffEntry, { type: "line" }>;

/** Every line stands in exactly one row, in the order of its side. */
export function diffRows(entries: readonly DiffEntry[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let removed: DiffLine[] = [];
  let added: DiffLine[] = [];
  const close = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++) {
      rows.push({ type: "lines", left: removed[at], right: added[at] });
    }
    removed = [];
    added = [];
  };
  for (const entry of entries) {
    if (entry.type === "line" && entry.sign === "-") {
      if (added.length > 0) close();
      removed.push(entry);
    } else if (entry.type === "line" && entry.sign === "+") added.push(entry);
    else {
      close();
      rows.push(entry.type === "line" ? { type: "lines", left: entry, right: entry } : entry);
    }
  }
  close();
  return rows;
}
