// The rows of one directory. It is told that something happened (`touch`) or to look at everything (`scan`), reads only
// files whose stamp changed since it read them or another window did, and reports what that did to the rows: together, in
// bounded time after the first event.

import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { DirectoryMemory, type MemoryOptions } from "./directoryMemory";
import { type FileAccess, type FileStamp, isMissing, mtimeMsOf } from "./fileAccess";
import { type ForeignFiles, isForeignRow, rowIdOf } from "./foreignFiles";
import type { Limiter } from "./limiter";
import type { RecalledListing, RememberedSession } from "./rememberedListing";
import type { SessionEntry } from "./sessionEntry";
import { recheckDelayMs, SessionRow } from "./sessionRow";

/** After the first event of a burst; the rest of the burst is then read along. */
const touchDelayMs = 30;
/** Between two readings of one session that changes all the time. */
const rereadDelayMs = 200;
/** Rows of a large directory are reported in portions of this many. */
const portion = 100;
/** Events of one burst after which some may have been lost: the kernel's queue holds 16,384. */
const burstEvents = 2000;
/** A sweep of the recent looks at these alone: old sessions are rarely written in place. */
const recentMs = 10 * 60_000;

export interface IndexContext {
  readonly access: FileAccess;
  readonly limiter: Limiter;
  readonly probe: ProbeLiveness;
  readonly now: () => number;
  readonly logger: Logger;
  /** Who knows files of other programs; undefined to list none. */
  readonly foreign?: ForeignFiles | undefined;
  /** Where to keep for another day what was read; undefined to keep nothing. */
  readonly memory?: MemoryOptions | undefined;
}

export interface IndexSink {
  onRows(changed: readonly SessionEntry[], removed: readonly string[]): void;
  /** A scan, and no event, showed that a file was written, made or removed, whether or not that changed a row. */
  onFileChanged(name: string): void;
}

export class DirectoryIndex implements Disposable {
  readonly #directory: string;
  readonly #context: IndexContext;
  readonly #sink: IndexSink;
  readonly #rows = new Map<string, SessionRow>();
  readonly #memory: DirectoryMemory | undefined;
  /** During the first scan alone. */
  #recalled: RecalledListing | undefined;
  #isScanned = false;
  readonly #dirty = new Map<string, { readonly names: Set<string>; readonly dueMs: number }>();
  #timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | undefined;
  #eventsInBurst = 0;
  #scanDue = false;
  /** One reading at a time: a second one waits, so that an older content never replaces a newer one. */
  #work: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(directory: string, context: IndexContext, sink: IndexSink) {
    this.#directory = directory;
    this.#context = context;
    this.#sink = sink;
    const { memory, logger } = context;
    this.#memory = memory && new DirectoryMemory(directory, memory, logger, () => this.#toRemember());
  }

  *entries(): Iterable<SessionEntry> {
    for (const row of this.#rows.values()) if (row.entry) yield row.entry;
  }

  entry(safeId: string): SessionEntry | undefined {
    return this.#rows.get(safeId)?.entry;
  }

  /** Something happened to the file of that name; undefined where the system does not tell to which. */
  touch(name: string | undefined): void {
    if (this.#disposed) return;
    this.#eventsInBurst++;
    if (name === undefined) {
      this.#scanDue = true;
      this.#arm(performance.now() + rereadDelayMs);
      return;
    }
    const rowId = this.#rowIdOf(name);
    if (rowId !== undefined) this.#markDirty(rowId, [name], touchDelayMs);
  }

  /**
   * Looks at every file, and reads those that changed.
   * @param scope `recent` skips the files of sessions that are neither new nor live nor lately written
   */
  scan(scope: "all" | "recent" = "all"): Promise<void> {
    return this.#enqueue(() => this.#scan(scope));
  }

  /** Forgets what was read and reads everything again; rows stay until they are replaced. */
  async refresh(): Promise<void> {
    await this.#enqueue(async () => {
      for (const row of this.#rows.values()) row.forgetStamps();
      await this.#scan("all");
    });
    const missing = [...this.#rows].filter(([, row]) => row.missingNames.length > 0).map(([safeId]) => safeId);
    if (missing.length === 0 || this.#disposed) return;
    await new Promise((resolve) => setTimeout(resolve, recheckDelayMs));
    await this.#enqueue(() => this.#update(new Map(missing.map((safeId) => [safeId, []])), "scan"));
  }

  /** Removes all rows: the directory is gone. */
  clear(): Promise<void> {
    return this.#enqueue(async () => {
      const removed = [...this.entries()].map((entry) => entry.key);
      this.#rows.clear();
      this.#dirty.clear();
      // One that was not there from the start may be on a drive that comes back.
      if (this.#isScanned) this.#memory?.forget();
      if (removed.length > 0) this.#sink.onRows([], removed);
    });
  }

  /** Derives the state of live sessions anew. Returns whether there are any. */
  refreshStates(nowMs: number): boolean {
    const changed: SessionEntry[] = [];
    let live = false;
    for (const row of this.#rows.values()) {
      const before = row.entry;
      if (!before || !isLive(before)) continue;
      const entry = row.derive(this.#context.probe, nowMs);
      if (!entry) continue;
      live ||= isLive(entry);
      if (!isSame(entry, before)) changed.push(entry);
    }
    if (changed.length > 0) this.#sink.onRows(changed, []);
    return live;
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
    this.#dirty.clear();
    this.#memory?.dispose();
  }

  /** Newest first. Of sessions that go on nothing is kept. */
  *#toRemember(): Generator<RememberedSession> {
    const rows = [...this.#rows].flatMap(([safeId, row]) => (row.entry ? [{ safeId, row, entry: row.entry }] : []));
    rows.sort((one, other) => other.entry.modifiedMs - one.entry.modifiedMs);
    for (const { safeId, row, entry } of rows) {
      const files = isLive(entry) ? [] : [...row.toRemember()];
      if (files.length > 0) yield { safeId, files };
    }
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (this.#disposed) return;
      try {
        await task();
      } catch (error) {
        this.#context.logger.warn(`Reading ${this.#directory} failed: ${describeError(error)}`);
      }
    });
    return this.#work;
  }

  #markDirty(safeId: string, names: Iterable<string>, delayMs: number): void {
    const known = this.#dirty.get(safeId);
    if (known) {
      for (const name of names) known.names.add(name);
      return;
    }
    const lastReadMs = this.#rows.get(safeId)?.lastReadMs ?? Number.NEGATIVE_INFINITY;
    const dueMs = Math.max(performance.now() + delayMs, lastReadMs + rereadDelayMs);
    this.#dirty.set(safeId, { names: new Set(names), dueMs });
    this.#arm(dueMs);
  }

  #arm(dueMs: number): void {
    if (this.#disposed || (this.#timer && this.#timer.dueMs <= dueMs)) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#enqueue(() => this.#flush());
      },
      Math.max(0, dueMs - performance.now()),
    );
    this.#timer = { handle, dueMs };
  }

  async #flush(): Promise<void> {
    const events = this.#eventsInBurst;
    this.#eventsInBurst = 0;
    if (this.#scanDue) {
      this.#scanDue = false;
      this.#dirty.clear();
      await this.#scan("all");
      return;
    }
    // Events that follow closely are taken along, so that a burst does not become one reading each.
    const limitMs = performance.now() + touchDelayMs / 2;
    const due = new Map<string, Iterable<string>>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [safeId, { names, dueMs }] of this.#dirty) {
      if (dueMs <= limitMs) due.set(safeId, names);
      else nextMs = Math.min(nextMs, dueMs);
    }
    for (const safeId of due.keys()) this.#dirty.delete(safeId);
    if (nextMs < Number.POSITIVE_INFINITY) this.#arm(nextMs);
    if (events > burstEvents) {
      this.#scanDue = true;
      this.#arm(performance.now() + rereadDelayMs);
    }
    await this.#update(due, "events");
  }

  async #scan(scope: "all" | "recent"): Promise<void> {
    const { access, limiter } = this.#context;
    let names: string[];
    try {
      [names, this.#recalled] = await Promise.all([
        limiter.run(() => access.list(this.#directory)),
        this.#isScanned ? undefined : this.#memory?.recall(),
      ]);
    } catch (error) {
      // A directory that is gone is told by `clear`; rows of one that can't be read now are not taken away.
      if (!isMissing(error)) throw error;
      return;
    }
    const bySession = new Map<string, string[]>();
    for (const name of names) {
      const rowId = this.#rowIdOf(name);
      if (rowId === undefined) continue;
      const group = bySession.get(rowId);
      if (group) group.push(name);
      else bySession.set(rowId, [name]);
    }
    // What is listed no more is looked at as well: a listing made during a replacement may miss the name.
    const listed = new Set(names);
    for (const [safeId, row] of this.#rows) {
      const group = bySession.get(safeId) ?? [];
      const isUnchanged = row.names.every((name) => listed.has(name)) && group.length === row.names.length;
      if (scope === "recent" && isUnchanged && !this.#isRecent(row.entry)) bySession.delete(safeId);
      else bySession.set(safeId, group);
    }
    await this.#update(bySession, "scan");
    if (this.#disposed) return;
    // What is remembered of sessions that are gone is to be forgotten.
    if (this.#recalled && this.#recalled.rest > 0) this.#memory?.noteNews();
    this.#recalled = undefined;
    this.#isScanned = true;
    this.#memory?.markListed();
  }

  /** Files of other programs are listed where somebody knows them. */
  #rowIdOf(name: string): string | undefined {
    const rowId = rowIdOf(name);
    return rowId === undefined || this.#context.foreign !== undefined || !isForeignRow(rowId) ? rowId : undefined;
  }

  #isRecent(entry: SessionEntry | undefined): boolean {
    return entry === undefined || isLive(entry) || this.#context.now() - entry.modifiedMs <= recentMs;
  }

  /** Looks at the given names of sessions and at those known before; newest first where there are many. */
  async #update(sessions: ReadonlyMap<string, Iterable<string>>, source: "events" | "scan"): Promise<void> {
    const { limiter } = this.#context;
    const order = [...sessions];
    const stamps = new Map<string, FileStamp>();
    if (order.length > portion) await this.#sortNewestFirst(order, stamps);
    for (let from = 0; from < order.length && !this.#disposed; from += portion) {
      const changed: SessionEntry[] = [];
      const removed: string[] = [];
      await Promise.all(
        order.slice(from, from + portion).map(([safeId, names]) =>
          limiter.run(async () => {
            if (this.#disposed) return;
            const before = this.#rows.get(safeId)?.entry;
            const after = await this.#updateRow(safeId, names, stamps, source);
            if (this.#disposed) return;
            if (after !== undefined) {
              if (before === undefined || !isSame(before, after)) changed.push(after);
            } else if (before !== undefined) {
              removed.push(before.key);
            }
          }),
        ),
      );
      if (!this.#disposed && (changed.length > 0 || removed.length > 0)) this.#sink.onRows(changed, removed);
      // Where nothing had to be read, all portions would be one long task.
      if (order.length > portion) await nextTurn();
    }
  }

  async #sortNewestFirst(order: [string, Iterable<string>][], stamps: Map<string, FileStamp>): Promise<void> {
    const { access, limiter } = this.#context;
    const newest = new Map<string, number>();
    await Promise.all(
      order.map(([safeId, names]) =>
        limiter.run(async () => {
          for (const name of this.#disposed ? [] : names) {
            const stamp = await access.stat(join(this.#directory, name)).catch(() => undefined);
            if (stamp === undefined) continue;
            stamps.set(name, stamp);
            newest.set(safeId, Math.max(newest.get(safeId) ?? 0, mtimeMsOf(stamp)));
          }
        }),
      ),
    );
    order.sort(([one], [other]) => (newest.get(other) ?? 0) - (newest.get(one) ?? 0));
  }

  async #updateRow(
    safeId: string,
    names: Iterable<string>,
    stamps: ReadonlyMap<string, FileStamp>,
    source: "events" | "scan",
  ): Promise<SessionEntry | undefined> {
    const row = this.#rows.get(safeId) ?? new SessionRow(this.#directory, safeId, this.#recalled?.take(safeId));
    const changed = await row.update(this.#context, names, stamps);
    if (this.#disposed) return undefined;
    if (row.takeNews()) this.#memory?.noteNews();
    if (row.isEmpty) this.#rows.delete(safeId);
    else this.#rows.set(safeId, row);
    if (row.missingNames.length > 0) this.#markDirty(safeId, row.missingNames, recheckDelayMs);
    if (changed.length > 0) row.derive(this.#context.probe, this.#context.now());
    if (source === "scan") for (const name of changed) this.#sink.onFileChanged(name);
    return row.entry;
  }
}

function isLive(entry: SessionEntry): boolean {
  return entry.state.status === "running" || entry.state.status === "waiting";
}

/** Entries are plain data, made by one function with one order of keys. */
function isSame(one: SessionEntry, other: SessionEntry): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
