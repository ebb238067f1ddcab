// What reading a journal yields: its header, its records with their place and time, and what is known of the whole.

import type { Durability } from "./durability";
import type { JournalFacts } from "./evidence";
import type { JournalHeader, JournalRecord } from "./journalRecord";
import type { Problem } from "./problem";
import type { MissingSeqs } from "./seqLog";

/** The header and where it stands. */
export interface HeaderEntry {
  readonly header: JournalHeader;
  /** Wall time that belongs to monotonic time 0. */
  readonly wallMs: number;
}

export interface JournalEntry {
  readonly seq: number;
  /** Time of the record in ms since the epoch: the header's wall time plus the monotonic time since. */
  readonly timeMs: number;
  /** What the wall clock said when it was written. */
  readonly wallMs: number;
  /** First byte of its line, and the byte after its last but the line feed. */
  readonly offsetBytes: number;
  readonly endBytes: number;
  readonly record: JournalRecord;
}

export interface JournalReading {
  readonly fileName: string;
  /** Undefined where it is missing, damaged or of a newer version. */
  readonly header: HeaderEntry | undefined;
  /** `writerTag` of the journal's writer; undefined where no record is sound. */
  readonly tag: string | undefined;
  readonly problems: readonly Problem[];
  readonly facts: JournalFacts;
  /** When it was brought to the disk; undefined where its writer notes nothing of that. */
  readonly durability?: Durability | undefined;
  /** Sequence numbers without a sound record, between sound ones. */
  readonly missing: readonly MissingSeqs[];
  /** The journal is of a version that this reader does not know: no record of it was read. */
  readonly isNewerVersion: boolean;
}
