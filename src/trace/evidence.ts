// What is known about a session besides its spans: the facts from which its state is derived. A snapshot is a claim,
// so its status is kept here under `claimedStatus` and believed only where nothing stronger contradicts it.

import type { SummaryStatus, Writer } from "./schema";

export type Liveness = "alive" | "gone" | "unknown";

/** Identity of a writing process; see `writerSchema`. */
export type WriterIdentity = Pick<Writer, "instance"> &
  Partial<Pick<Writer, "host" | "bootId" | "pidNamespace" | "pid" | "processStart" | "rawSessionId">>;

/** What `S.live` says. */
export interface LiveMarker extends WriterIdentity {
  readonly incarnation?: number | undefined;
}

export interface CrashMarker {
  /** Incarnation that crashed, where the marker is sound. */
  readonly incarnation?: number | undefined;
  readonly timeMs?: number | undefined;
  readonly reason?: string | undefined;
  /** Length in bytes up to which the journal was read when recovery made the marker: void once the journal has grown. */
  readonly journalBytes?: number | undefined;
}

export interface JournalFacts {
  readonly incarnation: number;
  readonly instance?: string | undefined;
  readonly lengthBytes: number;
  readonly lastSeq: number;
  /** Wall time of the last sound record; undefined for a journal without one. */
  readonly lastRecordMs?: number | undefined;
  /** The status that the end record names, where there is one. */
  readonly ended?:
    | { readonly status: SummaryStatus; readonly timeMs: number; readonly error?: string | undefined }
    | undefined;
  readonly crashed?: { readonly timeMs: number; readonly reason?: string | undefined } | undefined;
  /** The program says that it waits for something from outside (an answer, a batch, a resume). */
  readonly waiting?: { readonly sinceMs: number; readonly reason: string } | undefined;
  readonly recordCount: number;
  /** Records that could not be read or are missing. */
  readonly lostCount: number;
  /** The journal ends within a record: normal while its writer is at work, one more lost record once it is gone. */
  readonly hasTornTail?: boolean | undefined;
}

export interface Evidence {
  /** True when `S.json` exists and some of it could be read. */
  readonly hasSnapshot: boolean;
  readonly claimedStatus?: SummaryStatus | undefined;
  readonly claimedError?: string | undefined;
  /** From `endedAt`; a claim as well. */
  readonly claimedEndMs?: number | undefined;
  /** Spans without an end, the root included. */
  readonly openSpans: number;
  /** The session's root span has no end. Undefined where no root was read. */
  readonly rootOpen?: boolean | undefined;
  readonly rootStatus?: "ok" | "error" | undefined;
  /** `statusMessage` of the root span. */
  readonly rootError?: string | undefined;
  readonly rootEndMs?: number | undefined;
  /** Generations without an end; undefined counts as none. */
  readonly openGenerations?: number | undefined;
  /** `finishReason` of the generation that ended last. */
  readonly finalFinishReason?: string | undefined;
  /** The latest time that any span or record names, in ms. */
  readonly lastActivityMs?: number | undefined;
  /** Modification time of the newest file of the session, in ms of the file system's clock. */
  readonly lastWriteMs?: number | undefined;
  readonly crashMarker?: CrashMarker | undefined;
  /** `S.live` is there. */
  readonly liveMarker?: LiveMarker | undefined;
  /** Facts of the newest incarnation's journal. */
  readonly journal?: JournalFacts | undefined;
  /** A journal of the newest incarnation, or of a newer one than is known of, is there and could not be read. */
  readonly hasUnreadJournal?: boolean | undefined;
  readonly writer?: Writer | undefined;
  /** What is known of the writing process at the time of reading; `unknown` for foreign traces. */
  readonly liveness: Liveness;
  /** The snapshot ends in the middle, so that later spans and the summary are missing. */
  readonly truncated: boolean;
  /** Journal records that the snapshot lacks and that were put together with it, and how many are lost but for a torn tail. */
  readonly recovered?: { readonly records: number; readonly lost: number } | undefined;
}
