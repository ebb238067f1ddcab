// A file of another program, read once and then followed by what comes to its end: the work for that does not depend on what
// was there. A file that was replaced, cut or written anew is read from its start, and of it only the difference is told.

import { basename } from "node:path";
import type { Steps } from "../base/steps";
import type { ImportFormat } from "../importers/detectFormat";
import { type FileOfSession, factsOf, type ImportSession, importSession, type Told } from "../importers/importSession";
import type { FileAccess } from "../store/fileAccess";
import { TraceReplacedError } from "../trace/spanSource";
import { companionFiles } from "./importedCompanions";
import { ImportedPayloads } from "./importedPayloads";
import { ImportedRows } from "./importedRows";
import { inTurns } from "./inTurns";
import type { BytesOptions } from "./scannedBytes";
import type { SessionReading, SessionSource, SessionUpdate } from "./sessionSource";
import { TailedFile } from "./tailedFile";

/** So much of a file is read before others have a turn. */
const pieceBytes = 256 * 1024;

export interface ImportedSourceOptions extends BytesOptions {
  /** Absolute path of the file. */
  readonly path: string;
  readonly format: ImportFormat;
  readonly access: FileAccess;
  /** Of lines whose payloads are held. */
  readonly longestKeptBytes?: number | undefined;
}

interface Followed {
  readonly session: ImportSession;
  /** The one that was opened comes first. */
  readonly files: { readonly tailed: TailedFile; readonly imported: FileOfSession }[];
  /** Files that were looked at, whether they belong to the session or not. */
  readonly companions: Set<string>;
  readonly payloads: ImportedPayloads | undefined;
  /** Undefined before the first bytes, and when its rows have lost their numbers. */
  rows: ImportedRows | undefined;
  /** Somebody was told of these. */
  toldRows: ImportedRows | undefined;
}

export class ImportedSource implements SessionSource {
  readonly #options: ImportedSourceOptions;
  #followed: Followed | undefined;
  #isDisposed = false;

  constructor(options: ImportedSourceOptions) {
    this.#options = options;
  }

  /** @throws TraceReplacedError where the file is another one now, which may have another format */
  async read(signal: AbortSignal): Promise<SessionUpdate> {
    try {
      return await this.#readOnce(signal);
    } catch (error) {
      // What was taken in half is of no use.
      this.forget();
      throw error;
    }
  }

  forget(): void {
    const followed = this.#followed;
    this.#followed = undefined;
    for (const { tailed } of followed?.files ?? []) void tailed.close();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.forget();
  }

  async #readOnce(signal: AbortSignal): Promise<SessionUpdate> {
    const { path, access, format } = this.#options;
    await this.#look();
    this.#followed ??= await this.#begin();
    const followed = this.#followed;
    followed.payloads?.forget();
    await this.#readNew(followed, signal);
    for (const companion of await companionFiles(access, path, format, followed.companions)) {
      followed.files.push({
        tailed: await TailedFile.open(access, companion, this.#options),
        imported: followed.session.addFile(basename(companion)),
      });
    }
    await this.#readNew(followed, signal);
    const told = await inTurns(followed.session.ending(basename(path)), signal);
    if (followed.session.mustReadAnew) throw new TraceReplacedError("A line was completed in another way");
    const rows = await inTurns(upToDate(followed), signal);
    const isKnown = followed.toldRows === rows;
    if (!isKnown) rows.endLoading();
    followed.toldRows = rows;
    const reading = this.#reading(followed, rows, told);
    const changedRows = rows.takeChangedRows();
    return isKnown ? { type: "grown", reading, changedRows } : { type: "anew", reading };
  }

  #reading({ files }: Followed, rows: ImportedRows, told: Told): SessionReading {
    const { totals, evidence, count } = rows;
    const lastWriteMs = files.reduce((last, { tailed }) => Math.max(last, tailed.mtimeMs), 0);
    return {
      session: factsOf(basename(this.#options.path), told, { totals, evidence, count, lastWriteMs }),
      spans: rows.spans,
      columns: rows.columns,
      usage: rows.usage,
      tree: rows.tree,
      problems: [...told.problems, ...rows.problems],
      output: rows.output,
      hasTexts: rows.hasTexts,
      // biome-ignore lint/correctness/useYield: what has changed is so little that nobody waits for it.
      *findFailures(state) {
        const failures = rows.findFailures(state);
        return { failures, changedRows: rows.takeChangedRows() };
      },
    };
  }

  async #look(): Promise<void> {
    for (const [number, { tailed }] of (this.#followed?.files ?? []).entries()) {
      const isSame = await tailed.look(this.#options.access).catch((error: unknown) => {
        if (number === 0) throw error;
        return false;
      });
      if (!isSame) throw new TraceReplacedError("The file is another one now");
    }
  }

  async #begin(): Promise<Followed> {
    const { path, access, format } = this.#options;
    const tailed = await TailedFile.open(access, path, this.#options);
    if (this.#isDisposed) {
      await tailed.close();
      throw new TraceReplacedError("The trace was closed meanwhile");
    }
    const session = importSession(format, this.#options.longestKeptBytes);
    const files = [{ tailed, imported: session.addFile() }];
    const { rereading } = session;
    const payloads = rereading && new ImportedPayloads(rereading, (number) => files[number]?.tailed);
    return { session, files, companions: new Set(), payloads, rows: undefined, toldRows: undefined };
  }

  async #readNew(followed: Followed, signal: AbortSignal): Promise<void> {
    for (const file of followed.files) await inTurns(readAll(followed, file), signal);
  }
}

function* readAll(followed: Followed, { tailed, imported }: Followed["files"][number]): Steps<void> {
  for (let bytes = tailed.next(pieceBytes); bytes.length > 0; bytes = tailed.next(pieceBytes)) {
    yield* imported.push(bytes);
    yield* followed.session.settling();
    yield* upToDate(followed);
  }
}

/** The rows with all that the table has. */
function* upToDate(followed: Followed): Steps<ImportedRows> {
  const { table } = followed.session;
  const changed = table.takeChanged();
  // Rows that have other numbers are other rows.
  if (changed === undefined || followed.rows === undefined) {
    followed.rows = yield* ImportedRows.of(table, followed.payloads);
    yield* followed.rows.taking({ before: new Map(), firstNew: 0 });
  } else yield* followed.rows.taking(changed);
  return followed.rows;
}
