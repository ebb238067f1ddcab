// What the log of a publication says: its state, who works on it, and when it is to be tried again. A log may be cut at any
// byte by a kill; what is sound in it counts.

import { nativeCrc32 } from "../recorder/recordBuffer";
import { FramedLineReader } from "../trace/framedLine";
import { SeqLog } from "../trace/seqLog";
import { LogFold } from "./publishLog";
import { type PublishRecord, parsePublishRecord, type RecordOf } from "./publishRecord";

export type JobRecord = RecordOf<"job">;
export type JobOwner = NonNullable<JobRecord["writer"]>;

/** A minute, five minutes, half an hour, two hours, half a day: then a person decides. */
const roundPausesMs = [60_000, 300_000, 1_800_000, 7_200_000, 43_200_000];

export class OutboxFold extends LogFold {
  readonly records: PublishRecord[] = [];
  job: JobRecord | undefined;
  owner: JobOwner | undefined;
  /** Its owner has left it, so that anybody may go on with it. */
  isLeft = false;
  rounds = 0;
  #endedMs: number | undefined;

  override apply(record: PublishRecord): void {
    super.apply(record);
    this.records.push(record);
    if (record.type === "job") {
      this.job ??= record;
      this.owner = record.writer;
    } else if (record.type === "owner") {
      this.owner = record.writer;
      this.isLeft = false;
    } else if (record.type === "left") this.isLeft = true;
    else if (record.type === "round") this.rounds++;
    if (this.state.type !== "ended") this.#endedMs = undefined;
    else this.#endedMs ??= record.at;
  }

  /** When something is to be done with it, in ms since the epoch; undefined where nothing is, unless a person asks for it. */
  get dueMs(): number | undefined {
    const { state } = this;
    if (state.type === "idle") return undefined;
    if (state.type !== "ended") return 0;
    const { end } = state;
    // Without its events nothing can be sent, however often it is tried.
    if (end.type === "published" || !end.mayPass || this.ready === undefined) return undefined;
    const pauseMs = roundPausesMs[this.rounds];
    return pauseMs === undefined || this.#endedMs === undefined ? undefined : this.#endedMs + pauseMs;
  }
}

export interface OutboxReading {
  readonly fold: OutboxFold;
  readonly lastSeq: number;
  /** What is appended next needs a line feed before it. */
  readonly isTailOpen: boolean;
}

const decoder = new TextDecoder();

export function readOutboxLog(bytes: Uint8Array): OutboxReading {
  const fold = new OutboxFold();
  const seqs = new SeqLog();
  const lines = new FramedLineReader(nativeCrc32);
  const sink = {
    addRecord(line: Uint8Array, offset: number, checksum: number) {
      const value = parse(line);
      const seq = value?.["s"];
      if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) return;
      if (seqs.add(seq, checksum, offset) !== "new") return;
      const record = parsePublishRecord(value);
      if (record !== undefined) fold.apply(record);
    },
    addDamage() {
      // A torn line is what a kill leaves: what it was to say did not count yet.
    },
  };
  lines.feed(bytes, sink);
  lines.takeTail(sink);
  return { fold, lastSeq: seqs.lastSeq, isTailOpen: lines.isTailOpen };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(decoder.decode(bytes)) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
