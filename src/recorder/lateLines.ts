// Finds the spans of records that came long after their spans had ended and so name them by id alone. Only their ids are
// held, and each span is looked at once: memory depends on how many such records there are.

import type { JournalBytes } from "./blockReader";
import type { Extent, JournalIndex } from "./journalIndex";
import type { Io } from "./recorderFs";

/** How the recorder begins the object of a span. */
const spanStart = Buffer.from('{"spanId":"');
/** Longer ids are left to the slow way. */
const mostIdBytes = 256;

/**
 * Puts the late lines of `index` among the changes of their rows.
 * @returns false where one of them can't be placed for sure
 */
export function* placeLateLines(index: JournalIndex, reader: JournalBytes): Io<boolean> {
  if (index.late.length === 0) return true;
  const wanted = new Map<string, Extent[]>();
  for (const { id, at, length } of index.late) {
    const lines = wanted.get(id);
    if (lines) lines.push({ at, length });
    else wanted.set(id, [{ at, length }]);
  }
  const found = new Set<string>();
  for (let row = 0; row < index.rowCount; row++) {
    const id = yield* idOf(index.begins.object(row), reader);
    if (id === undefined) return false;
    const lines = wanted.get(id);
    if (!lines) continue;
    // Of two spans with one id it is not for this fold to say which one is meant.
    if (found.has(id)) return false;
    found.add(id);
    for (const line of lines) index.addChange(row, line);
  }
  return found.size === wanted.size;
}

function* idOf(object: Extent | undefined, reader: JournalBytes): Io<string | undefined> {
  if (!object) return undefined;
  const length = Math.min(object.length, spanStart.length + mostIdBytes + 1);
  const start = reader.holds(object.at, length)
    ? reader.view(object.at, length)
    : yield* readAll(object.at, length, reader);
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
  if (!bytes.subarray(0, spanStart.length).equals(spanStart)) return undefined;
  const end = bytes.indexOf(0x22, spanStart.length);
  const id = bytes.toString("latin1", spanStart.length, end);
  // An escaped quote would end it too early.
  return end < 0 || id.includes("\\") ? undefined : id;
}

function* readAll(at: number, length: number, reader: JournalBytes): Io<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const piece = yield* reader.read(at + done, length - done);
    bytes.set(piece, done);
    done += piece.length;
  }
  return bytes;
}
