// The drop-in exporter that keeps traces in a directory. The first one of a trace decides where its session is recorded;
// any trace that is handed to it is written whole or not at all, and never over a crash of its session.

import { randomBytes } from "node:crypto";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { safeId as toSafeId } from "../trace/safeId";
import { markCrashed } from "./crashGuard";
import { type ExportRequest, exportFile } from "./exportFile";
import { FollowUp } from "./followUp";
import { jsonPieces } from "./jsonPieces";
import type { Machine } from "./liveness";
import { openSessionRecorder } from "./openSession";
import { pruneToCount } from "./prune";
import { nodeFs, type RecorderFs } from "./recorderFs";
import { fieldOf, finiteOf, textOf } from "./safeJson";
import type { OpenSession, RecorderProblem } from "./sessionRequest";
import type { FsyncMode, TraceExporter, TraceFile, TraceSource } from "./traceTypes";
import { withoutWriter } from "./withoutWriter";

export interface FileExporterOptions {
  /** When the journal is made safe against a power cut; `interval` where it is left out. */
  readonly fsync?: FsyncMode;
  /** Outputs, inputs and messages are kept whole up to so many bytes of UTF-8; 4 MiB where it is left out. */
  readonly maxOutputBytes?: number;
  /** Told of what could not be done. What it throws is ignored. */
  readonly onProblem?: (problem: RecorderProblem) => void;
  /** @internal The seams of the tests, which the types of the library leave out. */
  readonly fs?: RecorderFs;
  /** @internal */
  readonly machine?: Machine;
  /** @internal What records a session; the journal in the directory where it is left out. */
  readonly openSession?: OpenSession;
  /** @internal */
  readonly pruneToCount?: PruneToCount;
}

/** Removes the oldest traces of a directory that nothing needs any more, as long as there are more than `maxFiles`. */
export type PruneToCount = (request: {
  readonly directory: string;
  /** At least 1. */
  readonly maxFiles: number;
  readonly fs: RecorderFs;
  readonly machine: Machine | undefined;
}) => Promise<unknown>;

/** How the sessions of an exporter are recorded. */
export interface RecordingSettings {
  readonly fsync: FsyncMode;
  readonly maxOutputBytes: number;
  readonly fs: RecorderFs;
  readonly machine: Machine | undefined;
  readonly openSession: OpenSession;
  readonly pruneToCount: PruneToCount;
  onProblem(problem: RecorderProblem): void;
}

const defaultMaxFiles = 100;
const defaultMaxOutputBytes = 4 * 1024 * 1024;

/** Where altimate-code keeps its traces, so that what replaces its recorder finds and leaves them in the same place. */
export function defaultTracesDirectory(): string {
  const data = process.env["XDG_DATA_HOME"];
  return join(data ? data : join(homeDirectory(), ".local", "share"), "altimate-code", "traces");
}

export class FileExporter implements TraceExporter {
  readonly name = "file";
  /** 0: no limit. */
  readonly maxFiles: number;
  /** @internal For the Trace that records where this exporter keeps its traces. */
  readonly settings: RecordingSettings;
  readonly #directory: string;
  readonly #instance = randomBytes(4).toString("hex");
  readonly #pruning = new FollowUp(() => this.#prune());
  #pruneTo = 0;

  /**
   * @param dir altimate-code's own directory where it is left out
   * @param maxFiles older traces are removed when there are more; 0 for no limit
   */
  constructor(dir?: string, maxFiles = defaultMaxFiles, options?: FileExporterOptions) {
    this.#directory = typeof dir === "string" ? dir : defaultTracesDirectory();
    this.maxFiles = Math.max(0, Math.trunc(finiteOf(maxFiles ?? defaultMaxFiles) ?? 0));
    this.settings = recordingSettings(options);
  }

  getDir(): string {
    return this.#directory;
  }

  /** Writes the trace to `<safe id>.json`. @returns its path; undefined where it could not be written. Never rejects. */
  async export(trace: TraceFile): Promise<string | undefined> {
    return await this.#export(trace?.sessionId, () => {
      // Made at once: whoever handed the trace in may change it while the directory is looked at.
      const { writer: _writer, durability: _durability, ...rest } = trace as TraceFile & OwnFields;
      const pieces = [...jsonPieces(rest)];
      return { open: () => pieces };
    });
  }

  /** The same from a source, without holding the trace in memory. */
  async exportFrom(source: TraceSource, signal?: AbortSignal): Promise<string | undefined> {
    return await this.#export(source?.sessionId, () => ({
      open: () => withoutWriter(source.open()),
      isStopped: () => signal?.aborted === true,
    }));
  }

  /** The session crashed: nothing that is exported of it from now on is written. Takes the raw id or the safe one. */
  markCrashed(sessionId: string): void {
    const id = textOf(sessionId);
    if (id) markCrashed(this.#directory, toSafeId(id));
  }

  /** Removes the oldest traces beyond the limit, in the background. @param maxFiles in place of the exporter's own */
  prune(maxFiles: number = this.maxFiles): void {
    this.#pruneTo = Math.trunc(maxFiles);
    if (this.#pruneTo > 0) this.#pruning.request();
  }

  async #prune(): Promise<void> {
    const { fs, machine, pruneToCount, onProblem } = this.settings;
    try {
      await pruneToCount({ directory: this.#directory, maxFiles: this.#pruneTo, fs, machine });
    } catch (error) {
      onProblem({ message: "Old traces could not be removed", error: toError(error) });
    }
  }

  async #export(
    sessionId: unknown,
    prepare: () => Pick<ExportRequest, "open" | "isStopped">,
  ): Promise<string | undefined> {
    const { fs, fsync, onProblem } = this.settings;
    try {
      const path = await exportFile(fs, {
        directory: this.#directory,
        safeId: toSafeId(textOf(sessionId) ?? ""),
        instance: this.#instance,
        isSynced: fsync !== "never",
        ...prepare(),
      });
      if (path !== undefined) this.prune();
      return path;
    } catch (error) {
      const id = textOf(sessionId);
      onProblem({ message: "The trace could not be exported to a file", error: toError(error), sessionId: id });
      return undefined;
    }
  }
}

/** What only the recorded file says. */
interface OwnFields {
  readonly writer?: unknown;
  readonly durability?: unknown;
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(textOf(error) ?? "unknown error");
}

export function recordingSettings(options?: FileExporterOptions): RecordingSettings {
  const field = <K extends keyof FileExporterOptions>(name: K) => fieldOf(options, name) as FileExporterOptions[K];
  const fsync = field("fsync");
  const onProblem = field("onProblem");
  return {
    fsync: fsync === "never" || fsync === "always" ? fsync : "interval",
    maxOutputBytes: Math.max(0, finiteOf(field("maxOutputBytes")) ?? defaultMaxOutputBytes),
    fs: field("fs") ?? nodeFs,
    machine: field("machine"),
    openSession: field("openSession") ?? openSessionRecorder,
    pruneToCount: field("pruneToCount") ?? pruneToCount,
    onProblem(problem) {
      try {
        onProblem?.(problem);
      } catch {
        // The program's own report must not harm what it reports on.
      }
    },
  };
}

function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}
