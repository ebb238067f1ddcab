// The trace that a directory holds of a session, put together from all of the session's files as every reader does it.

import { createHash } from "node:crypto";
import { readSession } from "../trace/readSession";
import type { LoadedSession, ProbeLiveness } from "../trace/sessionFiles";
import { resolveSafeId } from "./existingSession";
import { type Io, io } from "./recorderFs";
import { readSessionOnDisk } from "./sessionOnDisk";

/** @returns undefined where there is no file of the session; throws where the directory can't be read */
export function* findTrace(directory: string, rawId: string, probe: ProbeLiveness): Io<LoadedSession | undefined> {
  const found = yield* readSessionOnDisk(directory, yield* safeIdIn(directory, rawId));
  return found === undefined || found.facts.size === 0 ? undefined : readSession(found.files, probe);
}

/**
 * The safe id that session `rawId` has in the directory, or would get there.
 * @param names of what the directory holds, where that is known
 */
export function* safeIdIn(directory: string, rawId: string, names?: readonly string[]): Io<string> {
  return yield* resolveSafeId(directory, names ?? (yield* io.list(directory)), rawId, sha256Hex);
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
