// The records that spans are made of, in the order in which they were applied, for those who look at the bytes of many of
// them without making objects. What is here grows; what is said of a record stays.

import type { ByteRange } from "./scanRows";
import type { SpanFile } from "./spanFile";

export interface SpanRecords {
  readonly count: number;
  /** The row that a record has changed. */
  rowOf(record: number): number;
  /** Number of the part of a journal that a record is of; 0 for what was told and has no bytes. */
  partOf(record: number): number;
  /** Of a record's line, in the journal of its part. */
  startBytes(record: number): number;
  endBytes(record: number): number;
  /** The first record of a row; -1 where it has none. */
  firstOf(row: number): number;
  /** See `RECORD_MARK`. */
  marksOf(row: number): number;
  /**
   * All bytes of a range of a part's journal; they stay as they are.
   * @throws TraceReplacedError where the journal is no longer the one that was read
   */
  read(part: number, range: ByteRange): Uint8Array;
  /** The row that has something behind all records which none of them says; -1 for none. */
  readonly toldRow: number;
  /** How many spans stand beneath the records, in the first rows. */
  readonly firstCount: number;
  /** Their file; undefined where they stand in none. */
  readonly firstFile: SpanFile | undefined;
}
