// One line of a journal -> the sound records in it and the bytes between them. Normally a line is one record; a damaged one
// may hold others, of which each whose checksum holds is found.

import type { Crc32 } from "./crc32";
import { checkFrame, findRecordEnd, findRecordStart } from "./journalFrame";

/** What is found comes in the order of the file. */
export interface FramedLineSink {
  addRecord(bytes: Uint8Array, offsetBytes: number, checksum: number): void;
  /** @param isTail these bytes are the end of the file, without a line feed */
  addDamage(bytes: Uint8Array, offsetBytes: number, isTail: boolean): void;
}

/** @param line without its line feed */
export function readFramedLine(
  line: Uint8Array,
  offsetBytes: number,
  isTerminated: boolean,
  crc32: Crc32,
  sink: FramedLineSink,
): void {
  const checksum = checkFrame(line, 0, line.length, crc32);
  if (checksum >= 0) {
    sink.addRecord(line, offsetBytes, checksum);
    return;
  }
  let damagedFrom = 0;
  for (let start = findRecordStart(line, 0, line.length); start < line.length; ) {
    const next = findRecordStart(line, start + 1, line.length);
    const end = findRecordEnd(line, start, next);
    const sound = end < 0 ? -1 : checkFrame(line, start, end, crc32);
    if (sound >= 0) {
      if (start > damagedFrom) sink.addDamage(line.subarray(damagedFrom, start), offsetBytes + damagedFrom, false);
      sink.addRecord(line.subarray(start, end), offsetBytes + start, sound);
      damagedFrom = end;
    }
    start = next;
  }
  // A line feed belongs to the line's damage, so that damaged lines in a row are one region.
  const rest = line.subarray(damagedFrom);
  if (rest.length > 0 || (damagedFrom === 0 && isTerminated)) {
    sink.addDamage(rest, offsetBytes + damagedFrom, !isTerminated);
  }
}
