// Full-text search over a trace, in slices, so that the host stays responsive and a newer search can supersede it.

import { setImmediate } from "node:timers/promises";
import type { TracePicture } from "./picture";

/** Spans looked at between two pauses. */
const sliceSize = 500;

/**
 * Rows, ascending, whose name, label, outcome, error, attributes or payloads contain `text`. Case matters only when
 * `text` has an upper-case letter. Rejects with the signal's reason when aborted.
 */
export async function searchSpans(
  picture: TracePicture,
  text: string,
  signal: AbortSignal,
): Promise<Uint32Array<ArrayBuffer>> {
  const isSensitive = text !== text.toLowerCase();
  const needle = isSensitive ? text : text.toLowerCase();
  const contains = (candidate: string): boolean => (isSensitive ? candidate : candidate.toLowerCase()).includes(needle);
  const { columns, spans } = picture;
  const stringMatches = Uint8Array.from(columns.strings, (value) => (contains(value) ? 1 : 0));
  const rows: number[] = [];
  for (let row = 0; row < columns.count; row++) {
    if (row % sliceSize === sliceSize - 1) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const isInColumns =
      stringMatches[columns.name[row] ?? 0] ||
      stringMatches[columns.label[row] ?? 0] ||
      stringMatches[columns.outcome[row] ?? 0];
    const span = spans.spanAt(row);
    if (
      isInColumns ||
      (span &&
        (matches(span.statusMessage, contains) ||
          matches(span.input, contains) ||
          matches(span.output, contains) ||
          matches(span.attributes, contains) ||
          matches(span.events, contains) ||
          contains(span.spanId)))
    )
      rows.push(row);
  }
  return Uint32Array.from(rows);
}

/** Looks at the texts, numbers and keys within a value, as they are (not at their JSON escapes). Iterative. */
function matches(value: unknown, contains: (text: string) => boolean): boolean {
  if (value === undefined || value === null) return false;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    switch (typeof next) {
      case "string":
        if (contains(next)) return true;
        break;
      case "number":
      case "boolean":
        if (contains(String(next))) return true;
        break;
      case "object":
        if (next === null) break;
        if (Array.isArray(next)) {
          for (const item of next) pending.push(item);
        } else {
          for (const [key, item] of Object.entries(next)) {
            if (contains(key)) return true;
            pending.push(item);
          }
        }
        break;
      default:
        break;
    }
  }
  return false;
}
