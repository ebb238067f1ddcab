// A file of another program, read once and then followed by what comes to its end. A file that was replaced, cut or written
// anew is read from its start; of what has changed only the difference is told.

import { basename } from "node:path";
import type { ImportFormat } from "../importers/detectFormat";
import { type FileOfSession, type ImportSession, importSession } from "../importers/importSession";
import type { FileAccess } from "../store/fileAccess";
import { TraceReplacedError } from "../trace/spanSource";
import { companionFiles } from "./importedCompanions";
import { rereadSpans } from "./importedPayloads";
import { inTurns } from "./inTurns";
import { memoryInSteps } from "./readingInMemory";
import type { BytesOptions } from "./scannedBytes";
import { mostRowsWithTexts } from "./scannedReading";
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
  reading: SessionReading | undefined;
  /** What the files were when the reading was made. */
  mark: string;
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
    await this.#readNew(followed, signal);
    for (const companion of await companionFiles(access, path, format, followed.companions)) {
      followed.files.push({
        tailed: await TailedFile.open(access, companion, this.#options),
        imported: followed.session.addFile(basename(companion)),
      });
    }
    await this.#readNew(followed, signal);
    if (followed.session.mustReadAnew) throw new TraceReplacedError("A line was completed in another way");
    const mark = followed.files.map(({ tailed }) => `${tailed.sizeBytes} ${tailed.mtimeMs}`).join();
    if (followed.reading !== undefined && followed.mark === mark) {
      return { type: "grown", reading: followed.reading, changedRows: new Uint32Array() };
    }
    const lastWriteMs = followed.files.reduce((last, { tailed }) => Math.max(last, tailed.mtimeMs), 0);
    const loaded = await inTurns(followed.session.session(basename(path), lastWriteMs), signal);
    const held = await inTurns(memoryInSteps(loaded, mostRowsWithTexts), signal);
    const { rereading } = followed.session;
    const files = followed.files.map(({ tailed }) => tailed);
    const reading = rereading === undefined ? held : { ...held, spans: rereadSpans(held.spans, rereading, files) };
    followed.reading = reading;
    followed.mark = mark;
    return { type: "anew", reading };
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
    return {
      session,
      files: [{ tailed, imported: session.addFile() }],
      companions: new Set(),
      reading: undefined,
      mark: "",
    };
  }

  async #readNew({ files }: Followed, signal: AbortSignal): Promise<void> {
    for (const { tailed, imported } of files) await inTurns(readAll(tailed, imported), signal);
  }
}

function* readAll(tailed: TailedFile, imported: FileOfSession): Generator<undefined, void> {
  for (let bytes = tailed.next(pieceBytes); bytes.length > 0; bytes = tailed.next(pieceBytes)) {
    yield* imported.push(bytes);
    yield;
  }
}
