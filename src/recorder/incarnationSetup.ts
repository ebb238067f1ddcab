// What an incarnation of a session is made of.

import type { Liveness, WriterIdentity } from "../trace/evidence";
import type { TraceMetadata } from "../trace/schema";
import type { JournalFile } from "./journalFile";
import type { RecorderFs } from "./recorderFs";
import type { FsyncMode } from "./traceTypes";

export interface IncarnationSetup {
  readonly fs: RecorderFs;
  readonly fsync: FsyncMode;
  /** Of `S.json`. */
  readonly path: string;
  readonly safeId: string;
  readonly rawId: string;
  readonly incarnation: number;
  readonly identity: WriterIdentity;
  readonly traceId: string;
  readonly metadata: TraceMetadata;
  readonly journal: JournalFile;
  /** The same instant by both clocks. */
  readonly clock: { readonly wallMs: number; readonly monoMs: number };
  /** Older incarnations or another recorder's snapshot come before this one. */
  readonly hasBase: boolean;
  /** Bytes of their files, which a fold has to read. */
  readonly baseBytes: number;
  probe(writer: WriterIdentity): Liveness;
  onProblem(message: string, error: Error | undefined): void;
}
