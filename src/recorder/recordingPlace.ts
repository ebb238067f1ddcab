// Where the session of a `Trace` is recorded: in the directory of its first FileExporter; where there is none, or nothing
// can be written there, in a directory of its own that only its exporters see and that goes with it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileExporter, type RecordingSettings, recordingSettings, toError } from "./fileExporter";
import { nodeFs } from "./recorderFs";
import type { SessionRecorder } from "./sessionRecorder";
import type { SessionRequest } from "./sessionRequest";
import type { TraceExporter } from "./traceTypes";

export interface RecordingPlace {
  readonly recorder: SessionRecorder;
  /** To be removed with the session. */
  readonly privateDirectory?: string | undefined;
}

export type SessionDetails = Pick<SessionRequest, "sessionId" | "traceId" | "metadata" | "mode">;

/** @returns undefined where nothing can be recorded, or nobody would get what is */
export function findPlace(
  exporters: readonly TraceExporter[],
  recording: FileExporter | undefined,
  details: SessionDetails,
): RecordingPlace | undefined {
  const recorder = recording && openIn(recording.getDir(), recording.settings, details);
  if (recorder) return { recorder };
  return exporters.some((exporter) => exporter !== recording) ? openPrivately(recording, details) : undefined;
}

/** Never throws, whoever made the function that opens. */
export function openIn(
  directory: string,
  settings: RecordingSettings,
  details: SessionDetails,
): SessionRecorder | undefined {
  const { fsync, fs, machine, openSession, onProblem } = settings;
  try {
    return openSession({ ...details, directory, fsync, fs, machine, onProblem });
  } catch (error) {
    onProblem({ message: "The session can't be recorded", error: toError(error), sessionId: details.sessionId });
    return undefined;
  }
}

/** Private directories of sessions that have not ended: a program that exits without an end leaves none behind. */
const privateDirectories = new Set<string>();

export function removePrivately(directory: string): void {
  privateDirectories.delete(directory);
  if (privateDirectories.size === 0) process.removeListener("exit", removeAll);
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // The system empties its directory of temporary files by itself.
  }
}

function openPrivately(recording: FileExporter | undefined, details: SessionDetails): RecordingPlace | undefined {
  // What is gone with the process need not be safe from a power cut.
  const settings = { ...(recording?.settings ?? recordingSettings()), fsync: "never", fs: nodeFs } as const;
  const privateDirectory = makePrivately();
  if (privateDirectory === undefined) return undefined;
  const recorder = openIn(privateDirectory, settings, details);
  if (recorder) return { recorder, privateDirectory };
  removePrivately(privateDirectory);
  return undefined;
}

/** A new directory with mode 0700. */
function makePrivately(): string | undefined {
  try {
    const directory = mkdtempSync(join(tmpdir(), "tracekeeper-"));
    if (privateDirectories.size === 0) process.on("exit", removeAll);
    privateDirectories.add(directory);
    return directory;
  } catch {
    return undefined;
  }
}

function removeAll(): void {
  for (const directory of privateDirectories) removePrivately(directory);
}
