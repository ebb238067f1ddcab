// What a journal's reader has learnt so far: its header, facts and faults. It takes sound records and damaged bytes in the
// order of the file, and can be forked, so that an unfinished last line is looked at without being taken for good.

import { boundMarks, type Durability, type DurabilityMark, decodeMarks, isFsyncMode } from "./durability";
import type { JournalFacts } from "./evidence";
import { writerTag } from "./journalFrame";
import { JournalProblems } from "./journalProblems";
import type { HeaderEntry, JournalEntry, JournalReading } from "./journalReading";
import {
  isRecordType,
  type JournalHeader,
  type JournalRecord,
  journalFormat,
  journalHeaderSchema,
  journalVersion,
  toRecord,
} from "./journalRecord";
import { passedOver, skimRecord } from "./journalSkim";
import { parseTraceFileName } from "./safeId";
import { countMissingAfter, SeqLog } from "./seqLog";
import { isFields } from "./soundSpan";

interface Stamp {
  readonly seq: number;
  readonly wallMs: number;
  readonly monoMs: number;
  readonly tag: string;
}

interface Learnt {
  header: HeaderEntry | undefined;
  isNewerVersion: boolean;
  /** A newer version that the first line names, though it has no sound frame. */
  claimedVersion: number | undefined;
  /** Tag of the writer whose journal this is. */
  tag: string | undefined;
  /** Wall time at monotonic time 0. */
  baseMs: number;
  recordCount: number;
  /** Records with a sound checksum that are none of their type. */
  unreadableCount: number;
  lastRecordMs: number | undefined;
  ended: JournalFacts["ended"];
  crashed: JournalFacts["crashed"];
  waiting: JournalFacts["waiting"];
  synced: MarkList;
  snapshots: MarkList;
}

/** Shared between a log and its forks, of which only one goes on: each knows how many of them are its own. */
interface MarkList {
  readonly marks: DurabilityMark[];
  readonly count: number;
}

/** Beyond this the marks are joined to a quarter. */
const mostMarksRead = 4_096;

const decoder = new TextDecoder();

export class JournalLog {
  readonly #fileName: string;
  readonly #learnt: Learnt;
  readonly #seqs: SeqLog;
  readonly #problems: JournalProblems;

  constructor(fileName: string, from?: JournalLog) {
    this.#fileName = fileName;
    this.#learnt = from
      ? { ...from.#learnt }
      : {
          header: undefined,
          isNewerVersion: false,
          claimedVersion: undefined,
          tag: undefined,
          baseMs: 0,
          recordCount: 0,
          unreadableCount: 0,
          lastRecordMs: undefined,
          ended: undefined,
          crashed: undefined,
          waiting: undefined,
          synced: { marks: [], count: 0 },
          snapshots: { marks: [], count: 0 },
        };
    this.#seqs = from ? from.#seqs.fork() : new SeqLog();
    this.#problems = from ? from.#problems.fork() : new JournalProblems(fileName);
  }

  /** See `JournalReader`. */
  get baseMs(): number {
    return this.#learnt.baseMs;
  }

  /** A log that goes on from this one without changing it; this one must not be used meanwhile. */
  fork(): JournalLog {
    return new JournalLog(this.#fileName, this);
  }

  /**
   * Takes bytes with a sound frame; what is new in them goes to `into`.
   * @param passUpTo records about spans up to this number are passed over; -1 for none
   */
  addRecord(bytes: Uint8Array, offsetBytes: number, checksum: number, into: JournalEntry[], passUpTo: number): void {
    const learnt = this.#learnt;
    if (learnt.isNewerVersion) return;
    this.#problems.endRegion();
    const skimmed = skimRecord(bytes, passUpTo);
    const value = skimmed === undefined ? parse(bytes) : passedOver;
    const stamp = skimmed ?? (value && readStamp(value));
    if (!value || !stamp) {
      this.#unreadable("A record has a sound checksum, but is none", offsetBytes);
      return;
    }
    learnt.tag ??= stamp.tag;
    if (stamp.tag !== learnt.tag) {
      this.#problems.addSecondWriter(offsetBytes);
      return;
    }
    const arrival = this.#seqs.add(stamp.seq, checksum, offsetBytes);
    if (arrival === "duplicate") this.#problems.addDuplicate(offsetBytes);
    else if (arrival === "conflict") this.#problems.addSecondWriter(offsetBytes);
    else if (value["t"] === "header" && stamp.seq === 0) this.#addHeader(value, stamp, offsetBytes);
    else this.#addEntry(value, stamp, offsetBytes, offsetBytes + bytes.length, into);
  }

  /** Takes bytes in which no sound record is. `isTail`: they are the end of the file, without a line feed. */
  addDamage(bytes: Uint8Array, offsetBytes: number, isTail: boolean): void {
    if (this.#learnt.isNewerVersion) return;
    if (offsetBytes === 0) this.#learnt.claimedVersion = newerVersionOf(parse(bytes));
    this.#problems.addDamage(bytes, offsetBytes, isTail);
  }

  toReading(lengthBytes: number): JournalReading {
    const { claimedVersion, tag } = this.#learnt;
    // A first line that names a newer version in another frame is believed unless a record of ours follows: then it is
    // our header, with a flipped digit.
    if (claimedVersion !== undefined && tag === undefined && !this.#learnt.isNewerVersion) {
      const refused = new JournalLog(this.#fileName);
      refused.#refuse(claimedVersion, 0);
      return refused.toReading(lengthBytes);
    }
    const { header, isNewerVersion, unreadableCount, recordCount, lastRecordMs, ended, crashed, waiting } =
      this.#learnt;
    const isHeaderLost = !isNewerVersion && header === undefined && lengthBytes > 0;
    const atEnd = this.#problems.lossAtEnd();
    return {
      fileName: this.#fileName,
      header,
      isNewerVersion,
      tag,
      missing: this.#seqs.missing,
      durability: this.#durability(),
      problems: this.#problems.toArray(lengthBytes, isHeaderLost, this.#seqs.missing),
      facts: {
        incarnation: header?.header.incarnation ?? this.#incarnationOfName() ?? 1,
        instance: header?.header.writer.instance,
        lengthBytes,
        lastSeq: Math.max(0, this.#seqs.lastSeq),
        lostCount: countMissingAfter(this.#seqs.missing, 0) + unreadableCount + atEnd.lines,
        hasTornTail: atEnd.isTorn,
        recordCount,
        lastRecordMs,
        ended,
        crashed,
        waiting,
      },
    };
  }

  /** Undefined for a writer that notes nothing of it: then nobody knows what was safe when. */
  #durability(): Durability | undefined {
    const { header, synced, snapshots, baseMs } = this.#learnt;
    const fsync = header?.header.fsync;
    if (header === undefined || !isFsyncMode(fsync)) return undefined;
    return {
      incarnation: header.header.incarnation,
      instance: header.header.writer.instance,
      startMs: baseMs,
      fsync,
      synced: synced.marks.slice(0, synced.count),
      snapshots: snapshots.marks.slice(0, snapshots.count),
    };
  }

  #addHeader(value: Readonly<Record<string, unknown>>, stamp: Stamp, offsetBytes: number): void {
    const version = newerVersionOf(value);
    if (version !== undefined) {
      this.#refuse(version, offsetBytes);
      return;
    }
    const header = journalHeaderSchema.safeParse(value);
    if (!header.success || writerTag(header.data.writer.instance) !== stamp.tag) {
      this.#unreadable("The header has a sound checksum, but lacks what a header needs", offsetBytes);
      return;
    }
    // Records that came before a header which was moved down keep the time that they got by then.
    if (this.#learnt.recordCount === 0) this.#learnt.baseMs = stamp.wallMs - stamp.monoMs;
    this.#learnt.header = { header: value as JournalHeader, wallMs: stamp.wallMs - stamp.monoMs };
    this.#learnt.lastRecordMs ??= stamp.wallMs;
    const named = this.#incarnationOfName();
    if (named !== undefined && named !== header.data.incarnation) {
      this.#problems.addNote(
        "warning",
        `The journal is of incarnation ${header.data.incarnation}, but its file name says ${named}`,
        offsetBytes,
      );
    }
  }

  #addEntry(
    value: Readonly<Record<string, unknown>>,
    stamp: Stamp,
    offsetBytes: number,
    endBytes: number,
    into: JournalEntry[],
  ): void {
    const learnt = this.#learnt;
    const type = value["t"];
    if (typeof type === "string" && type !== "header" && !isRecordType(type)) {
      this.#problems.addUnknownType(type, offsetBytes);
      return;
    }
    const record = typeof type === "string" && isRecordType(type) ? toRecord(type, value) : undefined;
    if (!record) {
      this.#unreadable(`A record of type ${JSON.stringify(type)?.slice(0, 40)} lacks what it needs`, offsetBytes);
      return;
    }
    if (learnt.recordCount === 0 && learnt.header === undefined) learnt.baseMs = stamp.wallMs - stamp.monoMs;
    const timeMs = learnt.baseMs + stamp.monoMs;
    learnt.recordCount++;
    learnt.lastRecordMs = Math.max(learnt.lastRecordMs ?? stamp.wallMs, stamp.wallMs);
    this.#learnFrom(record, timeMs);
    into.push({ seq: stamp.seq, timeMs, wallMs: stamp.wallMs, offsetBytes, endBytes, record });
  }

  /** The first record that ends the session counts: after a crash an end changes nothing, nor a crash after an end. */
  #learnFrom(record: JournalRecord, timeMs: number): void {
    const learnt = this.#learnt;
    if (record.t === "heartbeat") {
      learnt.synced = withMarks(learnt.synced, record.synced);
      learnt.snapshots = withMarks(learnt.snapshots, record.snapshots);
    }
    if (learnt.ended || learnt.crashed) return;
    if (record.t === "finish") {
      learnt.ended = { status: record.status, timeMs, error: record.error };
    } else if (record.t === "crash") {
      learnt.crashed = { timeMs, reason: record.reason ?? record.signal };
    } else if (record.t === "waiting") {
      learnt.waiting = { sinceMs: timeMs, reason: record.reason };
    } else if (record.t === "resumed") {
      learnt.waiting = undefined;
    }
  }

  #refuse(version: number, offsetBytes: number): void {
    this.#learnt.isNewerVersion = true;
    this.#problems.addNewerVersion(version, offsetBytes);
  }

  #unreadable(message: string, offsetBytes: number): void {
    this.#learnt.unreadableCount++;
    this.#problems.addNote("error", message, offsetBytes);
  }

  #incarnationOfName(): number | undefined {
    const name = parseTraceFileName(this.#fileName);
    return name.type === "journal" ? name.incarnation : undefined;
  }
}

/**
 * A record that a journal's reader has found, read once more.
 * @param baseMs the reader's
 * @returns undefined where the bytes are no longer that line
 */
export function entryOfLine(line: Uint8Array, offsetBytes: number, baseMs: number): JournalEntry | undefined {
  const value = parse(line);
  const stamp = value && readStamp(value);
  const type = value?.["t"];
  if (!stamp || typeof type !== "string" || !isRecordType(type)) return undefined;
  return {
    seq: stamp.seq,
    timeMs: baseMs + stamp.monoMs,
    wallMs: stamp.wallMs,
    offsetBytes,
    endBytes: offsetBytes + line.length,
    record: value as JournalRecord,
  };
}

function withMarks(list: MarkList, noted: unknown): MarkList {
  if (noted === undefined) return list;
  let { marks, count } = list;
  for (const mark of decodeMarks(noted)) {
    marks[count++] = mark;
    if (count <= mostMarksRead) continue;
    // Into a list of its own: a fork may be using the one that was there.
    marks = [...boundMarks(marks.slice(0, count), mostMarksRead / 4)];
    count = marks.length;
  }
  return { marks, count };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  // 0x7B is the brace; what starts otherwise is no record and need not be decoded.
  if (bytes[0] !== 0x7b) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readStamp(value: Readonly<Record<string, unknown>>): Stamp | undefined {
  const { s: seq, w: wallMs, m: monoMs, i: tag } = value;
  const isSound =
    typeof seq === "number" &&
    Number.isSafeInteger(seq) &&
    seq >= 0 &&
    typeof wallMs === "number" &&
    typeof monoMs === "number" &&
    typeof tag === "string";
  return isSound ? { seq, wallMs, monoMs, tag } : undefined;
}

/** The version of a header that is too new for this reader. */
function newerVersionOf(value: Readonly<Record<string, unknown>> | undefined): number | undefined {
  if (value?.["format"] !== journalFormat) return undefined;
  const version = value["version"];
  return typeof version === "number" && version > journalVersion ? version : undefined;
}
