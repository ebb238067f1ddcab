// The edit that a span made, as two texts to compare. Pure.

import { editChanges, newTextOf, oldTextOf } from "../trace/editDiff";
import type { TraceSpan } from "../trace/schema";
import { toolCall } from "../trace/toolCall";

/** Between several changes of one call, which need not be neighbours in the file. */
const changeSeparator = "\n⋯\n";

/**
 * `path` is that of the first change, "" where the call names none; undefined for a span that made no edit. A file that was
 * written as a whole is none: what it held before is not known.
 */
export function recordedEdit(span: TraceSpan): { path: string; oldText: string; newText: string } | undefined {
  const changes = editChanges(toolCall(span))?.filter(({ type }) => type !== "write");
  if (!changes || changes.length === 0) return undefined;
  return {
    path: changes[0]?.path ?? "",
    oldText: changes.map(oldTextOf).join(changeSeparator),
    newText: changes.map(newTextOf).join(changeSeparator),
  };
}
