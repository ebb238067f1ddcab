// All that a trace directory holds of one session, as bytes: what a reader is given and what it makes of it.

import type { Evidence, Liveness, WriterIdentity } from "./evidence";
import type { Problem } from "./problem";
import type { TraceFile } from "./schema";

export interface FileBytes {
  /** File name without directory. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Modification time in milliseconds of the file system's clock. */
  readonly mtimeMs: number;
}

export interface SessionFiles {
  /** `S`, as the files are named. */
  readonly safeId: string;
  /** `S.json`, where it exists. */
  readonly snapshot?: FileBytes | undefined;
  /** `S.<k>.journal.ndjson`, in any order. */
  readonly journals: readonly FileBytes[];
  /** `S.live`. */
  readonly liveMarker?: FileBytes | undefined;
  /** `S.crash`. */
  readonly crashMarker?: FileBytes | undefined;
  /** Files of the session that exist and could not be read, with the reason in words. */
  readonly unreadable?: readonly { readonly name: string; readonly reason: string }[] | undefined;
}

/** Tells whether a writing process is still there; given in, because only the machine knows. */
export type ProbeLiveness = (writer: WriterIdentity) => Liveness;

export interface LoadedSession {
  readonly safeId: string;
  /** The raw session id where a file tells it, else `safeId`. */
  readonly sessionId: string;
  /** Snapshot and journal combined. Sound by `traceFileSchema`; without any sound byte a trace without spans. */
  readonly trace: TraceFile;
  readonly problems: readonly Problem[];
  readonly evidence: Evidence;
}
