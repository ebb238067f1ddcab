// What it takes to open the recorder of a session.

import type { TraceMetadata } from "../trace/schema";
import type { Machine } from "./liveness";
import type { RecorderFs } from "./recorderFs";
import type { SessionRecorder } from "./sessionRecorder";
import type { FsyncMode } from "./traceTypes";

/** Something that could not be done as it should; the program goes on. */
export interface RecorderProblem {
  readonly message: string;
  readonly error?: Error | undefined;
  /** The raw session id. */
  readonly sessionId?: string | undefined;
}

export interface SessionRequest {
  readonly directory: string;
  /** The raw id; the safe one is found in the directory. */
  readonly sessionId: string;
  readonly traceId: string;
  readonly metadata: TraceMetadata;
  /** `rehydrate` goes on with the trace that is there. */
  readonly mode: "start" | "rehydrate";
  /**
   * Something is recorded at once, so the first `S.json` may wait until the session has gone quiet: many sessions that are
   * short then cost one replaced file less each. Until then the journal is the trace, as it is for every reader.
   */
  readonly hasFirstRecords?: boolean | undefined;
  readonly fsync: FsyncMode;
  readonly fs: RecorderFs;
  readonly machine: Machine | undefined;
  /** Does not throw. */
  readonly onProblem: (problem: RecorderProblem) => void;
}

/** Begins the next incarnation of a session; undefined where nothing can be recorded. Does not throw. */
export type OpenSession = (request: SessionRequest) => SessionRecorder | undefined;
