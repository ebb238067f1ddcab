// Which source reads a file: what its first bytes tell decides, and is found out again when the file is another one. A file
// that nobody here can read opens all the same and says what can be opened.

import { basename } from "node:path";
import { detectFormat, type FileFormat, openableFormats } from "../importers/detectFormat";
import { type FileAccess, isMissing } from "../store/fileAccess";
import type { Problem } from "../trace/problem";
import { parseTraceFileName } from "../trace/safeId";
import { emptyTrace } from "../trace/sessionTrace";
import { TraceReplacedError } from "../trace/spanSource";
import { fileHead } from "./fileHead";
import { ImportedSource } from "./importedSource";
import { readingInMemory } from "./readingInMemory";
import type { SessionSource, SessionUpdate } from "./sessionSource";

export interface AnySourceOptions {
  /** Absolute path of the file; of a session in a trace directory that of its `S.json`. */
  readonly key: string;
  readonly access: FileAccess;
  /** Opens the file as a trace of ours, with what lies beside it. */
  openTrace(): SessionSource;
}

/** A file that is replaced while it is read is read again, this often at most. */
const maxAttempts = 4;

type Kind = Exclude<FileFormat, "empty" | "unknown">;

export class AnySource implements SessionSource {
  readonly #options: AnySourceOptions;
  #source: SessionSource | undefined;
  #kind: Kind | undefined;
  /** The kind may be another one by now. */
  #isDoubtful = true;
  #isEmpty = false;

  constructor(options: AnySourceOptions) {
    this.#options = options;
  }

  async read(signal: AbortSignal): Promise<SessionUpdate> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readOnce(signal);
      } catch (error) {
        this.#isDoubtful = true;
        if (!(error instanceof TraceReplacedError) || attempt >= maxAttempts) throw error;
      }
    }
  }

  async #readOnce(signal: AbortSignal): Promise<SessionUpdate> {
    if (this.#isDoubtful) await this.#choose();
    const source = this.#source;
    if (source === undefined) return { type: "anew", reading: this.#nothing() };
    const update = await source.read(signal);
    this.#isDoubtful = !update.reading.session.evidence.hasSnapshot;
    return update;
  }

  forget(): void {
    this.#isDoubtful = true;
    this.#source?.forget();
  }

  dispose(): void {
    this.#source?.dispose();
    this.#source = undefined;
  }

  async #choose(): Promise<void> {
    const kind = await this.#look();
    if (kind === this.#kind && this.#source !== undefined) return;
    this.#source?.dispose();
    this.#kind = kind;
    this.#source = kind === undefined ? undefined : this.#open(kind);
  }

  #open(kind: Kind): SessionSource {
    const { key, access } = this.#options;
    return kind === "trace" ? this.#options.openTrace() : new ImportedSource({ path: key, access, format: kind });
  }

  /** Undefined for what nobody can read. */
  async #look(): Promise<Kind | undefined> {
    const { key, access } = this.#options;
    const isOurs = parseTraceFileName(basename(key)).type === "snapshot";
    let format: FileFormat;
    try {
      format = detectFormat(await fileHead(access, key));
    } catch (error) {
      // A session may have no `S.json` yet; and why it can't be read is told by who reads it.
      if (isOurs || !isMissing(error)) return "trace";
      throw error;
    }
    this.#isEmpty = format === "empty";
    if (format !== "unknown" && format !== "empty") return format;
    // Damaged ones are for the tolerant reader.
    return isOurs ? "trace" : undefined;
  }

  #nothing() {
    const name = basename(this.#options.key);
    const problem: Problem = this.#isEmpty
      ? { code: "empty-file", severity: "error", message: "The file is empty" }
      : {
          code: "not-a-trace",
          severity: "error",
          message: `This file has none of the formats that can be opened: ${openableFormats}`,
        };
    return readingInMemory({
      safeId: name,
      sessionId: name,
      trace: emptyTrace(name),
      problems: [problem],
      evidence: { hasSnapshot: false, openSpans: 0, liveness: "unknown", truncated: false },
    });
  }
}
