// A session without journals, read from its `S.json` by scanning; sessions with journals go to another source. A file that
// is still the one that was scanned last is not scanned again.

import { type FileAccess, isSettled, sameStamp } from "../store/fileAccess";
import { type FilesWith, hasJournals, readSessionFilesWith } from "../store/loadSession";
import { readSessionInSteps } from "../trace/readSession";
import type { ProbeLiveness, SessionFiles } from "../trace/sessionFiles";
import { TraceReplacedError } from "../trace/spanSource";
import { inTurns } from "./inTurns";
import { memoryInSteps } from "./readingInMemory";
import { type OpenedSnapshot, openSnapshot, type ScanFileOptions } from "./scannedFile";
import { factsAround, hasEarlierCrash, mostRowsWithTexts, scannedReading } from "./scannedReading";
import type { SessionReading, SessionSource, SessionUpdate } from "./sessionSource";

/** A file that is replaced while it is read is read again, this often at most. */
const maxAttempts = 4;

export interface ScannedSourceOptions extends ScanFileOptions {
  /** Absolute path of `S.json`, which need not exist. */
  readonly key: string;
  readonly access: FileAccess;
  readonly probe: ProbeLiveness;
  /** For sessions with journals. Disposed with this one. */
  readonly journaled: SessionSource;
  now?(): number;
}

interface Scanned {
  readonly opened: Extract<OpenedSnapshot, { type: "scanned" }>;
  /** When it was looked at. */
  readonly atMs: number;
  /** What was made of it; undefined until it is. */
  reading: SessionReading | undefined;
}

export class ScannedSource implements SessionSource {
  readonly #options: ScannedSourceOptions;
  readonly #now: () => number;
  #scanned: Scanned | undefined;
  /** The one before, from which somebody may still be reading. */
  #before: Scanned | undefined;
  #mayReuse = true;
  #isDisposed = false;

  constructor(options: ScannedSourceOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async read(signal: AbortSignal): Promise<SessionUpdate> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readOnce(signal);
      } catch (error) {
        if (!(error instanceof TraceReplacedError) || attempt >= maxAttempts) throw error;
        this.#mayReuse = false;
      }
    }
  }

  forget(): void {
    this.#mayReuse = false;
    this.#options.journaled.forget();
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const scanned of [this.#scanned, this.#before]) void scanned?.opened.file.close();
    this.#options.journaled.dispose();
  }

  async #readOnce(signal: AbortSignal): Promise<SessionUpdate> {
    const { key, access, probe, journaled } = this.#options;
    if (await hasJournals(key, access)) return journaled.read(signal);
    const { snapshot, ...files } = await readSessionFilesWith(key, signal, access, (path) => this.#open(path, signal));
    if (snapshot instanceof TraceReplacedError) throw snapshot;
    if (files.journals.length > 0) return journaled.read(signal);
    // What was held of journals is not needed any more.
    journaled.forget();
    if (snapshot?.type === "scanned") return this.#update(files, snapshot, signal);
    if (snapshot?.type === "whole") return inMemory({ ...files, snapshot }, probe, signal);
    if (snapshot === undefined) return inMemory(files, probe, signal);
    const unreadable = [...(files.unreadable ?? []), { name: snapshot.name, reason: snapshot.reason }];
    return inMemory({ ...files, unreadable }, probe, signal);
  }

  /** An error of a file that was replaced is returned, because one that is thrown is a problem of the file's. */
  async #open(path: string, signal: AbortSignal): Promise<OpenedSnapshot | TraceReplacedError> {
    const { access } = this.#options;
    const known = this.#scanned;
    if (known !== undefined && this.#mayReuse && isSettled(known.opened.file.version, known.atMs)) {
      if (sameStamp(await access.stat(path), known.opened.file.version)) return known.opened;
    }
    const atMs = this.#now();
    // What somebody writes over and over is scanned by this thread alone: nobody waits for it.
    const options = known === undefined ? this.#options : { ...this.#options, crew: undefined };
    const opened = await openSnapshot(access, path, signal, options).catch((error: unknown) => {
      if (error instanceof TraceReplacedError) return error;
      throw error;
    });
    if (opened instanceof TraceReplacedError || opened.type !== "scanned") return opened;
    if (this.#isDisposed) {
      await opened.file.close();
      signal.throwIfAborted();
      return new TraceReplacedError("The trace was closed meanwhile");
    }
    await this.#before?.opened.file.close();
    this.#before = this.#scanned;
    this.#scanned = { opened, atMs, reading: undefined };
    this.#mayReuse = true;
    return opened;
  }

  async #update(
    around: Omit<FilesWith<never>, "snapshot">,
    opened: Extract<OpenedSnapshot, { type: "scanned" }>,
    signal: AbortSignal,
  ): Promise<SessionUpdate> {
    const { probe } = this.#options;
    const { name, mtimeMs, snapshot } = opened;
    const files = { ...around, snapshot: { name, mtimeMs } };
    const scanned = this.#scanned;
    const before = scanned?.opened === opened ? scanned.reading : undefined;
    if (before !== undefined && before.spans === snapshot.spans && !hasEarlierCrash(files, snapshot)) {
      const facts = factsAround(files, snapshot, probe, false);
      return { type: "grown", reading: { ...before, ...facts }, changedRows: new Uint32Array() };
    }
    const reading = await inTurns(scannedReading(files, snapshot, probe), signal);
    if (scanned?.opened === opened) scanned.reading = reading;
    return { type: "anew", reading };
  }
}

async function inMemory(files: SessionFiles, probe: ProbeLiveness, signal: AbortSignal): Promise<SessionUpdate> {
  const session = await inTurns(readSessionInSteps(files, probe), signal);
  return { type: "anew", reading: await inTurns(memoryInSteps(session, mostRowsWithTexts), signal) };
}
