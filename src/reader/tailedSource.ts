// A session with journals: read once, and then followed by what comes to the end of its journals. A snapshot that their
// writer makes of them meanwhile is known to hold the same. Whatever does not fit (another file under a name, a journal that
// comes or goes, another program's snapshot) has all read again, of which only the difference is told.

import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { type FileAccess, isMissing, mtimeMsOf, sameStamp } from "../store/fileAccess";
import { requireFile } from "../store/fileEdges";
import { readSessionFilesWith } from "../store/loadSession";
import { LiveTrace } from "../trace/liveTrace";
import { parseTraceFileName } from "../trace/safeId";
import type { FileFacts, FilesAround } from "../trace/sessionEvidence";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { actionKeysOf } from "../trace/spanActions";
import { TraceReplacedError } from "../trace/spanSource";
import { inTurns } from "./inTurns";
import { openSnapshot, type ScanFileOptions } from "./scannedFile";
import type { SessionSource, SessionUpdate } from "./sessionSource";
import { TailedFile } from "./tailedFile";
import { readTailedHead } from "./tailedHead";
import { tailedReading } from "./tailedReading";
import { noSnapshot, type Seen, type TailedSnapshot, tailedSnapshot } from "./tailedSnapshot";

/** So much of a journal is read before others have a turn. */
const chunkBytes = 1024 * 1024;
const maxAttempts = 4;

export interface TailedSourceOptions extends ScanFileOptions {
  /** Absolute path of `S.json`, which need not exist. */
  readonly key: string;
  readonly access: FileAccess;
  readonly probe: ProbeLiveness;
}

interface Followed {
  readonly live: LiveTrace;
  /** In the order in which the trace knows them. */
  readonly journals: readonly TailedFile[];
  readonly snapshot: TailedSnapshot;
  /** The file that is known to be in it, by name and stamp. */
  seen: Seen | undefined;
}

type Files = Awaited<ReturnType<typeof readSessionFilesWith<Seen, TailedFile>>>;

export class TailedSource implements SessionSource {
  readonly #options: TailedSourceOptions;
  #followed: Followed | undefined;
  /** The one before, from which somebody may still be reading. */
  #before: Followed | undefined;
  #isDisposed = false;

  constructor(options: TailedSourceOptions) {
    this.#options = options;
  }

  async read(signal: AbortSignal): Promise<SessionUpdate> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readOnce(signal);
      } catch (error) {
        if (!(error instanceof TraceReplacedError) || attempt >= maxAttempts) throw error;
        this.forget();
      }
    }
  }

  forget(): void {
    this.#replaceBy(undefined);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.forget();
    this.forget();
  }

  async #readOnce(signal: AbortSignal): Promise<SessionUpdate> {
    const { key, access } = this.#options;
    const files = await readSessionFilesWith(
      key,
      signal,
      access,
      (path) => this.#look(path),
      (path) => this.#journal(path),
    );
    const followed = this.#followed;
    if (followed !== undefined && (await this.#follow(followed, files, signal))) return this.#grown(followed, files);
    return this.#open(files, signal);
  }

  async #look(path: string): Promise<Seen> {
    const stamp = await this.#options.access.stat(path);
    requireFile(stamp);
    return { path, stamp };
  }

  async #journal(path: string): Promise<TailedFile> {
    const { access } = this.#options;
    const known = this.#followed?.journals.find((journal) => journal.path === path);
    return known !== undefined && (await known.look(access)) ? known : TailedFile.open(access, path, this.#options);
  }

  /** Takes in what is new; false where that is not all that there is to it. */
  async #follow(followed: Followed, files: Files, signal: AbortSignal): Promise<boolean> {
    const { live, journals } = followed;
    const isSame = files.journals.length === journals.length && files.journals.every((one) => journals.includes(one));
    if (!isSame) {
      await closeAll(files.journals.filter((one) => !journals.includes(one)));
      return false;
    }
    await this.#readNew(followed, signal);
    if (live.staleBecause !== undefined) return false;
    return isSameSnapshot(followed.seen, files.snapshot) || this.#replaceSnapshot(followed, files.snapshot, signal);
  }

  async #readNew({ live, journals }: Followed, signal: AbortSignal): Promise<void> {
    for (const [number, journal] of journals.entries()) {
      for (let bytes = journal.next(chunkBytes); bytes.length > 0; bytes = journal.next(chunkBytes)) {
        live.applyBytes(number, bytes);
        if (live.staleBecause !== undefined) return;
        if (bytes.length < chunkBytes) break;
        await turn(signal);
      }
    }
  }

  /** True where a snapshot that took the place of the one before says nothing that is not here. */
  async #replaceSnapshot(followed: Followed, seen: Seen | undefined, signal: AbortSignal): Promise<boolean> {
    if (seen === undefined) return false;
    const { access } = this.#options;
    const head = await readTailedHead(access, seen.path);
    if (head === undefined) return false;
    // It may be ahead of what was read of the journals.
    for (const journal of followed.journals) if (!(await journal.look(access))) return false;
    await this.#readNew(followed, signal);
    const isHere = followed.live.replaceSnapshot({ header: head.header, problems: [], truncated: false });
    if (isHere) followed.seen = { path: seen.path, stamp: head.stamp };
    return isHere;
  }

  #grown(followed: Followed, files: Files): SessionUpdate {
    const { live } = followed;
    const reading = tailedReading(live, around(files, followed), this.#options.probe);
    if (live.staleBecause !== undefined) throw new TraceReplacedError(live.staleBecause);
    return { type: "grown", reading, changedRows: live.rows.takeChangedRows() };
  }

  async #open(files: Files, signal: AbortSignal): Promise<SessionUpdate> {
    const { access, probe } = this.#options;
    const journals: TailedFile[] = [];
    let snapshot = noSnapshot;
    let isHandedOver = false;
    try {
      // Those that are followed stand where they were read to: a new beginning has files of its own.
      for (const journal of [...files.journals].sort(byIncarnation)) {
        const isKnown = this.#followed?.journals.includes(journal) === true;
        journals.push(isKnown ? await TailedFile.open(access, journal.path, this.#options) : journal);
      }
      const seen = files.snapshot;
      if (seen !== undefined) {
        snapshot = await tailedSnapshot(await openSnapshot(access, seen.path, signal, this.#options), signal);
      }
      const live = new LiveTrace({
        snapshot: snapshot.head,
        firstRows: snapshot.firstRows,
        journals,
        keysOf: actionKeysOf,
        crc32: (bytes, start, end) => crc32(bytes.subarray(start, end)),
      });
      const followed = { live, journals, snapshot, seen };
      const lengths = journals.map(({ sizeBytes }) => sizeBytes);
      await inTurns(live.load(around(files, followed), lengths), signal);
      for (const [number, journal] of journals.entries()) journal.startAt(lengths[number] ?? 0);
      const reading = tailedReading(live, around(files, followed), probe);
      // Everything is new to whoever is told of it.
      live.rows.takeChangedRows();
      signal.throwIfAborted();
      isHandedOver = true;
      this.#replaceBy(followed);
      return { type: "anew", reading };
    } catch (error) {
      // What was listed and is gone has been folded.
      throw isMissing(error) ? new TraceReplacedError("A file of the session is gone") : error;
    } finally {
      if (!isHandedOver) await closeAll([...journals, snapshot]);
    }
  }

  #replaceBy(followed: Followed | undefined): void {
    const gone = this.#before;
    this.#before = this.#followed;
    this.#followed = followed;
    if (gone !== undefined) void closeAll([...gone.journals, gone.snapshot]);
    // Whoever disposed of this meanwhile will not do it again.
    if (this.#isDisposed && followed !== undefined) void closeAll([...followed.journals, followed.snapshot]);
  }
}

function around(
  files: Files,
  { journals, snapshot, seen }: Pick<Followed, "journals" | "snapshot" | "seen">,
): FilesAround {
  const { safeId, liveMarker, crashMarker } = files;
  return {
    safeId,
    liveMarker,
    crashMarker,
    snapshot: snapshot.unreadable === undefined ? seen && factsOf(seen) : undefined,
    journals: journals.map(({ fileName, mtimeMs }) => ({ name: fileName, mtimeMs })),
    unreadable: [...(files.unreadable ?? []), ...(snapshot.unreadable === undefined ? [] : [snapshot.unreadable])],
  };
}

function factsOf({ path, stamp }: Seen): FileFacts {
  return { name: basename(path), mtimeMs: mtimeMsOf(stamp) };
}

function isSameSnapshot(one: Seen | undefined, other: Seen | undefined): boolean {
  return one === undefined || other === undefined ? one === other : sameStamp(one.stamp, other.stamp);
}

function byIncarnation(one: TailedFile, other: TailedFile): number {
  return incarnationOf(one) - incarnationOf(other);
}

function incarnationOf({ fileName }: TailedFile): number {
  const name = parseTraceFileName(fileName);
  return name.type === "journal" ? name.incarnation : 0;
}

async function closeAll(files: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()));
}

/** Lets others have a turn. */
async function turn(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
