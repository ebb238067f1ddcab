// What the trace directory holds of a session, put together as every reader does it.

import { findTrace } from "../recorder/existingTrace";
import { isMissing } from "../recorder/fileTasks";
import { makeProbeLiveness } from "../recorder/liveness";
import { type RecorderFs, runAsync } from "../recorder/recorderFs";
import type { TraceFile } from "../trace/schema";
import { deriveState } from "../trace/state";

export interface StoredSession {
  readonly trace: TraceFile;
  readonly isEnded: boolean;
  /** One of ours of which nothing but its beginning is there. */
  readonly isBegun: boolean;
}

/** @returns undefined where there is no file of the session */
export async function readStored(
  fs: RecorderFs,
  directory: string,
  sessionId: string,
): Promise<StoredSession | undefined> {
  try {
    const found = await runAsync(fs, findTrace(directory, sessionId, makeProbeLiveness()));
    if (found === undefined) return undefined;
    const { trace, evidence } = found;
    const { status } = deriveState(evidence, Date.now());
    const isOurs = evidence.journal !== undefined || evidence.liveMarker !== undefined;
    return {
      trace,
      isEnded: status === "completed" || status === "failed",
      isBegun: isOurs && trace.spans.length === 0,
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
