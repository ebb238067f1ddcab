// One session of a directory: its files as they were last read, and the row made of them. Only files whose stamp changed
// are read, and of those that are new here only what is not remembered from another day. A file that is missing for a
// moment, as between the two steps of a replacement, still counts: it is gone only when it is missing at a second look.

import { join } from "node:path";
import type { ProbeLiveness } from "../trace/sessionFiles";
import {
  describeFileError,
  type FileAccess,
  type FileStamp,
  isMissing,
  isSettled,
  sameStamp,
  sameVersion,
} from "./fileAccess";
import { requireFile } from "./fileEdges";
import type { ForeignFiles } from "./foreignFiles";
import { listFile } from "./listFile";
import type { RememberedFile } from "./rememberedListing";
import type { SessionEntry } from "./sessionEntry";
import { combineFiles, type ListedFile, type SessionFacts, toEntry } from "./sessionFacts";

/** Time between the two looks after which a missing file counts as gone. */
export const recheckDelayMs = 120;

interface RowContext {
  readonly access: FileAccess;
  readonly now: () => number;
  readonly foreign?: ForeignFiles | undefined;
}

export class SessionRow {
  readonly #directory: string;
  readonly #rowId: string;
  readonly #files = new Map<string, ListedFile>();
  /** By name, the time of `performance.now()` at which it was first missing. */
  readonly #missing = new Map<string, number>();
  #facts: SessionFacts | undefined;
  #entry: SessionEntry | undefined;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  /** By name, what is remembered of files that were not looked at yet. */
  readonly #remembered: Map<string, RememberedFile>;
  #hasNews = false;

  constructor(directory: string, rowId: string, remembered: readonly RememberedFile[] = []) {
    this.#directory = directory;
    this.#rowId = rowId;
    this.#remembered = new Map(remembered.map((file) => [file.name, file]));
  }

  /** Undefined before the first `derive`, and while there is nothing to show. */
  get entry(): SessionEntry | undefined {
    return this.#entry;
  }

  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  get missingNames(): readonly string[] {
    return [...this.#missing.keys()];
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** In the time of `performance.now()`. */
  get lastReadMs(): number {
    return this.#lastReadMs;
  }

  /** What may be kept for another day: only of files that nobody is at work on. */
  *toRemember(): Generator<RememberedFile> {
    for (const { name, stamp, content, isStale, isSettled: isKept } of this.#files.values()) {
      if (stamp === undefined || isStale || !isKept || content.type === "seen" || content.type === "unreadable")
        continue;
      yield { name, version: stamp, content };
    }
  }

  /** Whether `toRemember` gives something else than at the last call, or than what was remembered at first. */
  takeNews(): boolean {
    const hadNews = this.#hasNews;
    this.#hasNews = false;
    return hadNews;
  }

  /** The next update reads every file. */
  forgetStamps(): void {
    for (const [name, file] of this.#files) this.#files.set(name, { ...file, isStale: true });
  }

  /**
   * Looks at the files known before and at those of the given names.
   * @param stamps what is already known of files by name, so that they are not looked at twice
   * @returns the names of those that changed; where there are any, `derive` makes the new row
   */
  async update(
    context: RowContext,
    names: Iterable<string>,
    stamps?: ReadonlyMap<string, FileStamp>,
  ): Promise<readonly string[]> {
    const changed: string[] = [];
    for (const name of new Set([...this.#files.keys(), ...names])) {
      if (await this.#updateFile(context, name, stamps?.get(name))) changed.push(name);
    }
    // What is still remembered is of files that are gone.
    if (this.#remembered.size > 0) this.#hasNews = true;
    this.#remembered.clear();
    if (changed.length === 0) return changed;
    this.#lastReadMs = performance.now();
    this.#facts = combineFiles(this.#directory, this.#rowId, [...this.#files.values()]);
    return changed;
  }

  /** The row as of `nowMs`: its state depends on the time and on whether the writer lives. */
  derive(probe: ProbeLiveness, nowMs: number): SessionEntry | undefined {
    this.#entry = this.#facts && toEntry(this.#facts, probe, nowMs);
    return this.#entry;
  }

  async #updateFile(
    { access, now, foreign }: RowContext,
    name: string,
    known: FileStamp | undefined,
  ): Promise<boolean> {
    const path = join(this.#directory, name);
    const before = this.#files.get(name);
    const remembered = this.#remembered.get(name);
    this.#remembered.delete(name);
    let stamp: FileStamp | undefined;
    try {
      stamp = known ?? (await access.stat(path));
      // What could not be read is tried again: a change of permissions changes no stamp.
      const isKnown = before?.stamp && !before.isStale && before.content.type !== "unreadable";
      if (isKnown && before.stamp && sameStamp(before.stamp, stamp)) {
        this.#missing.delete(name);
        return false;
      }
      requireFile(stamp);
      if (before === undefined && remembered && sameVersion(remembered.version, stamp)) {
        this.#files.set(name, { name, stamp, content: remembered.content, isSettled: true });
        return true;
      }
      // Before the reading, so that what is written while it goes on is never taken for old.
      const nowMs = now();
      const file = await listFile(access, path, name, stamp, foreign);
      const isKept = file.stamp !== undefined && isSettled(file.stamp, nowMs);
      this.#files.set(name, { ...file, isSettled: isKept });
      this.#missing.delete(name);
      if (isKept && file.content.type !== "seen") this.#hasNews = true;
      return true;
    } catch (error) {
      if (isMissing(error)) {
        const target = await access.readLink(path).catch(() => undefined);
        if (target === undefined) return this.#noteMissing(name);
      }
      this.#missing.delete(name);
      const reason = describeFileError(error);
      if (before?.content.type === "unreadable" && before.content.reason === reason && !before.isStale) return false;
      this.#files.set(name, { name, stamp, content: { type: "unreadable", reason } });
      return true;
    }
  }

  /** Returns whether the file is gone for good. */
  #noteMissing(name: string): boolean {
    if (!this.#files.has(name)) return false;
    const nowMs = performance.now();
    const sinceMs = this.#missing.get(name);
    if (sinceMs === undefined) this.#missing.set(name, nowMs);
    // Timers may fire a millisecond early.
    if (sinceMs === undefined || nowMs - sinceMs < recheckDelayMs - 5) return false;
    this.#missing.delete(name);
    this.#files.delete(name);
    this.#hasNews = true;
    return true;
  }
}
