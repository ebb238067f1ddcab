// Whether the bytes of a row's records tell what texts its span may hold, kept up to date with each record: a text of the
// span stands in one of them, unless a mark says otherwise. A record may well hold what the span does not.

import type { JournalRecord } from "./journalRecord";

export const RECORD_MARK = {
  /** The span may hold what stands in no record: it was mended, or something was made for it. */
  untold: 1 << 0,
  /** The output is the texts of several records, one behind the other. */
  joined: 1 << 1,
  /** A record has appended a text. */
  hasText: 1 << 2,
  /** A record has set the output as a whole. */
  hasOutput: 1 << 3,
} as const;

/**
 * The marks of a row after a record that changed its span.
 * @param isMended the span was mended when the record was applied
 */
export function marksAfter(before: number, record: JournalRecord, isMended: boolean): number {
  const marks = isMended ? before | RECORD_MARK.untold : before;
  switch (record.t) {
    case "begin":
    case "span":
      return withOutput(marks, record.span);
    case "end":
    case "set":
      return withOutput(marks, record.set ?? {});
    case "text":
      return withText(marks);
    case "event":
      // Without a time of its own it has that of the record, which is worked out.
      return record.event.timeMs === undefined ? marks | RECORD_MARK.untold : marks;
    case "attributes":
    case "link":
      return marks;
    default:
      return marks | RECORD_MARK.untold;
  }
}

function withOutput(marks: number, fields: object): number {
  return "output" in fields ? marks | RECORD_MARK.hasOutput : marks;
}

function withText(marks: number): number {
  // What it is appended to is not the text of a record, or no text at all.
  if ((marks & RECORD_MARK.hasOutput) !== 0) return marks | RECORD_MARK.untold;
  return marks | ((marks & RECORD_MARK.hasText) === 0 ? RECORD_MARK.hasText : RECORD_MARK.joined);
}
