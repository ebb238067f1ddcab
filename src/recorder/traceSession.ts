// One session of a `Trace`, from its start to its end or crash: who is told of them, in which order, and that a crash wins
// over whatever is under way. Nothing here throws but `start` and `resume`.

import { join } from "node:path";
import { safeId as toSafeId, traceFileNames } from "../trace/safeId";
import { clear, markCrashed } from "./crashGuard";
import { findTrace } from "./existingTrace";
import { FileExporter, toError } from "./fileExporter";
import { isReplaced } from "./incarnations";
import { makeProbeLiveness } from "./liveness";
import { installProcessHandlers, type ProcessEnd } from "./processHandlers";
import { runAsync } from "./recorderFs";
import { findPlace, openIn, type RecordingPlace, removePrivately } from "./recordingPlace";
import { runExporters } from "./runExporters";
import { fieldOf, textOf } from "./safeJson";
import { SessionLog, sessionRoot } from "./sessionLog";
import { readStartMetadata, SessionMetadata } from "./sessionMetadata";
import type { SessionEnd, SessionHealth } from "./sessionRecorder";
import type { TraceExporter } from "./traceTypes";
import { withLimit } from "./withLimit";

export interface TraceSetup {
  readonly traceId: string;
  readonly exporters: readonly TraceExporter[];
  /** The one among the exporters that decides where sessions are recorded. */
  readonly recording: FileExporter | undefined;
  /** In place of the recording exporter's own. */
  readonly maxFiles: number | undefined;
}

/** A disk that hangs must not keep a session from ending. */
const sourceLimitMs = 30_000;
const defaultMaxTextBytes = 4 * 1024 * 1024;

export class TraceSession {
  readonly rawId: string;
  /** Path of `S.json`, also where it can't be written; undefined without a FileExporter. */
  readonly path: string | undefined;
  readonly #setup: TraceSetup;
  readonly #log: SessionLog | undefined;
  readonly #place: RecordingPlace | undefined;
  #ending: Promise<string | undefined> | undefined;
  #isCrashing = false;
  #removeHandlers: (() => void) | undefined;

  private constructor(setup: TraceSetup, rawId: string, place?: RecordingPlace, log?: SessionLog) {
    this.rawId = rawId;
    this.#setup = setup;
    this.#place = place;
    this.#log = log;
    const directory = setup.recording?.getDir();
    const isPublic = place !== undefined && place.privateDirectory === undefined;
    if (directory !== undefined) {
      // As the directory was named, whichever directory the program is in by now.
      this.path = join(directory, traceFileNames.snapshot(isPublic ? place.recorder.safeId : toSafeId(rawId)));
    }
    // An earlier crash of the session silences this incarnation nowhere.
    for (const exporter of setup.exporters) {
      if (exporter instanceof FileExporter) clear(exporter.getDir(), toSafeId(rawId));
    }
  }

  static start(setup: TraceSetup, rawId: string, given: unknown): TraceSession {
    const { exporters, recording, traceId } = setup;
    const metadata = new SessionMetadata(readStartMetadata(given));
    const details = { sessionId: rawId, traceId, metadata: metadata.fields, mode: "start" } as const;
    const place = findPlace(exporters, recording, details);
    const name = textOf(fieldOf(given, "instance_id")) || rawId;
    const log = place && SessionLog.start(place.recorder, metadata, name, maxTextBytes(setup));
    return new TraceSession(setup, rawId, place, log);
  }

  /**
   * Goes on with a recorded session; undefined where there is no sound trace of it.
   * @param isWanted asked once the trace has been read
   */
  static async resume(setup: TraceSetup, rawId: string, isWanted: () => boolean): Promise<TraceSession | undefined> {
    const { recording } = setup;
    if (recording === undefined) return undefined;
    const directory = recording.getDir();
    const { fs, machine } = recording.settings;
    const found = await runAsync(fs, findTrace(directory, rawId, makeProbeLiveness(machine)));
    if (found === undefined || !isWanted()) return undefined;
    const { trace, evidence } = found;
    const isSound = (evidence.journal !== undefined || !evidence.truncated) && evidence.hasUnreadJournal !== true;
    if (!isSound || sessionRoot(trace) === undefined) return undefined;
    const { traceId, metadata } = trace;
    const recorder = openIn(directory, recording.settings, { sessionId: rawId, traceId, metadata, mode: "rehydrate" });
    if (recorder === undefined) return undefined;
    const lastSignMs = Math.max(evidence.lastActivityMs ?? 0, evidence.journal?.lastRecordMs ?? 0);
    const known = new SessionMetadata(metadata);
    const log = SessionLog.resume(recorder, known, trace, lastSignMs || undefined, maxTextBytes(setup));
    return new TraceSession(setup, rawId, { recorder }, log);
  }

  /** Where calls are recorded; undefined once the session has ended, or where it could not be opened. */
  get log(): SessionLog | undefined {
    return this.#log?.recorder.phase === "ended" ? undefined : this.#log;
  }

  get health(): SessionHealth {
    const isNobodys = this.#setup.exporters.length === 0;
    return this.#log?.recorder.health ?? { state: isNobodys ? "ok" : "failed", droppedRecords: 0 };
  }

  problem(message: string, thrown: unknown): void {
    this.#setup.recording?.settings.onProblem({ message, error: toError(thrown), sessionId: this.rawId });
  }

  async sync(): Promise<void> {
    await this.#log?.recorder.sync();
  }

  async flush(): Promise<void> {
    const isEnding = this.#ending !== undefined;
    await this.#log?.recorder.flush();
    // The end was called for meanwhile. From then on no snapshot begins, and the end's own holds what was logged. Who
    // flushes later, as an exporter may that the end waits for, gets the journal alone.
    if (!isEnding) await this.#ending;
  }

  /** Ends the session through its exporters, once, whoever asks. */
  end(error: unknown): Promise<string | undefined> {
    this.#ending ??= this.#end(error, true);
    return this.#ending;
  }

  /** Another session takes this one's place. */
  leave(): void {
    this.#ending ??= this.#end(undefined, false);
  }

  /** @returns removes the handlers, which otherwise go when the session ends */
  handleProcessEnd(end: ProcessEnd): () => void {
    if (this.log === undefined) return () => undefined;
    this.#removeHandlers ??= installProcessHandlers(end);
    return this.#removeHandlers;
  }

  /** The crash is safe when this returns. Exporters hear of it first. */
  crash(error: unknown, signal?: string): void {
    const log = this.#log;
    // An exporter that is told may end or crash the session itself.
    if (this.#isCrashing || (log !== undefined && log.recorder.phase !== "recording")) return;
    this.#isCrashing = true;
    // What becomes of an incarnation that was begun again says nothing of the session.
    const isOfSession = log === undefined || !isReplaced(log.recorder.path, log.recorder);
    for (const exporter of isOfSession ? this.#setup.exporters : []) {
      try {
        this.#tellCrash(exporter, log?.recorder.safeId);
      } catch (thrown) {
        this.problem("An exporter could not be told of the crash", thrown);
      }
    }
    try {
      log?.crash(error, signal);
    } catch (thrown) {
      this.problem("The crash could not be recorded", thrown);
    }
    this.#removeHandlers?.();
    this.#removePlace();
  }

  #tellCrash(exporter: TraceExporter, safeId: string | undefined): void {
    const isOfFiles = exporter instanceof FileExporter;
    if (isOfFiles && safeId !== undefined) markCrashed(exporter.getDir(), safeId);
    // Where it is recorded the session has its safe id alone: the raw one may lead to another session's.
    const isTold = exporter === this.#setup.recording && safeId !== undefined;
    if (!isTold || exporter.markCrashed !== FileExporter.prototype.markCrashed) exporter.markCrashed?.(this.rawId);
  }

  async #end(error: unknown, isExported: boolean): Promise<string | undefined> {
    const log = this.#log;
    if (log === undefined) return undefined;
    const { recorder } = log;
    const { exporters, recording, maxFiles } = this.#setup;
    try {
      if (recorder.phase !== "recording") return this.path;
      recorder.stopSnapshots();
      const end = log.prepareEnd(error);
      const results = isExported ? await this.#export(log, end).catch((thrown) => this.#withoutResults(thrown)) : [];
      const written = await recorder.finish(end);
      if (isCrashed(log)) return this.path;
      if (recording === undefined || this.#place?.privateDirectory !== undefined) return results.find(Boolean);
      recording.prune(maxFiles);
      const own = exporters.indexOf(recording);
      return exporters.map((_, index) => results[index] || (index === own ? written : undefined)).find(Boolean);
    } catch (thrown) {
      this.problem("The session could not be ended", thrown);
      return undefined;
    } finally {
      this.#removeHandlers?.();
      this.#removePlace();
    }
  }

  /** Results in the order of the exporters. */
  async #export(log: SessionLog, end: SessionEnd): Promise<(string | undefined)[]> {
    const { recording } = this.#setup;
    const isDone = (exporter: TraceExporter) =>
      exporter === recording && exporter.export === FileExporter.prototype.export;
    const exporters = this.#setup.exporters.map((exporter) => (isDone(exporter) ? undefined : exporter));
    if (exporters.every((exporter) => exporter === undefined)) return [];
    const source = await this.#source(log, end);
    try {
      return await runExporters({
        exporters,
        source,
        isCrashed: () => isCrashed(log),
        onSkipped: (exporter, reason, thrown) => this.#noteSkipped(log, exporter, reason, thrown),
      });
    } finally {
      await source?.dispose().catch(() => undefined);
    }
  }

  async #source({ recorder }: SessionLog, end: SessionEnd) {
    const source = recorder.source(end);
    try {
      return await withLimit(sourceLimitMs, () => source);
    } catch (thrown) {
      this.problem("The trace could not be read for its exporters", thrown);
      // What comes too late is of no use to anybody, but lies on the disk.
      void source.then((late) => late?.dispose()).catch(() => undefined);
      return undefined;
    }
  }

  #withoutResults(thrown: unknown): undefined[] {
    this.problem("The exporters could not be called", thrown);
    return [];
  }

  #noteSkipped(log: SessionLog, exporter: string, reason: string, thrown: unknown): void {
    this.problem(`The exporter "${exporter}" did not export the trace: ${reason}`, thrown);
    const { incarnation } = log.recorder;
    log.spans.addEvent(undefined, {
      name: "tracekeeper.export-skipped",
      attributes: { exporter, reason, incarnation },
    });
  }

  #removePlace(): void {
    if (this.#place?.privateDirectory !== undefined) removePrivately(this.#place.privateDirectory);
  }
}

function isCrashed({ recorder }: SessionLog): boolean {
  return recorder.phase === "crashed";
}

function maxTextBytes({ recording }: TraceSetup): number {
  return recording?.settings.maxOutputBytes ?? defaultMaxTextBytes;
}
