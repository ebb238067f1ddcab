// A file of another program, and what belongs to it, as one session: it is given bytes as they come, and tells which spans
// these changed. What it gives is the same whether the bytes came at once or one by one.

import type { Steps } from "../base/steps";
import { oneLine } from "../trace/plainText";
import { isPossibleTime } from "../trace/possibleTime";
import type { Problem } from "../trace/problem";
import { ProblemList } from "../trace/problemList";
import type { TraceMetadata, TraceSpan } from "../trace/schema";
import type { LoadedSession } from "../trace/sessionFiles";
import type { SpanTotals } from "../trace/sessionTrace";
import { evidenceInSteps, type SpanEvidence } from "../trace/spanEvidence";
import type { SessionFacts } from "../trace/spanSource";
import { totalsInSteps } from "../trace/traceSummary";
import { ClaudeCodeImporter } from "./claudeCode";
import { CodexImporter } from "./codex";
import { CopilotCliImporter } from "./copilotCli";
import type { ImportFormat } from "./detectFormat";
import { ImportedFile } from "./importedFile";
import { type ImportedTable, type LinePlace, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { OtlpFile } from "./otlpFile";
import { isFields } from "./recordFields";
import type { TranscriptImporter } from "./transcript";

/** One of the files that make a session. */
export interface FileOfSession {
  /** Takes further bytes, with pauses. */
  push(bytes: Uint8Array): Steps<void>;
}

export interface ImportSession {
  /** Of a transcript: which payloads are not held, and how to make them again. */
  readonly rereading?: Rereading | undefined;
  /** Its spans as they were when it was last settled. */
  readonly table: ImportedTable;
  /** The next file; the first one is the one that was opened. */
  addFile(name?: string): FileOfSession;
  /** What came shows that something was read in the wrong way: the files have to be given again to another session. */
  readonly mustReadAnew: boolean;
  /** Brings the table up to date with what the files were given. */
  settling(): Steps<void>;
  /**
   * The same, and what the files say beside the spans, once they were given all that there is for now.
   * @param fileId the name of the file, for a session without an id
   */
  ending(fileId: string): Steps<Told>;
}

/** What files say of their session beside its spans. */
export interface Told {
  readonly sessionId: string;
  readonly traceId: string;
  readonly metadata: TraceMetadata;
  readonly problems: readonly Problem[];
  /** For the person, as the file says. */
  readonly isWaiting: boolean;
}

/** Payloads of long lines are not held: they are made again from the lines that the span was made of. */
export interface Rereading {
  isClipped(row: number): boolean;
  /**
   * The span with its whole payload; undefined where its lines say something else now.
   * @param bytesOf the bytes of a line
   */
  reread(row: number, bytesOf: (place: LinePlace) => Uint8Array): TraceSpan | undefined;
}

/** @param longestKeptBytes of lines whose payloads are held while the trace is open */
export function importSession(format: ImportFormat, longestKeptBytes = 16 * 1024): ImportSession {
  return format === "otlp" ? new OtlpSession() : new TranscriptSession(transcripts[format], longestKeptBytes);
}

const transcripts: Readonly<Record<Exclude<ImportFormat, "otlp">, () => TranscriptImporter>> = {
  "claude-code": () => new ClaudeCodeImporter(),
  codex: () => new CodexImporter(),
  "copilot-cli": () => new CopilotCliImporter(),
};

class TranscriptSession implements ImportSession, Rereading {
  readonly #importer: TranscriptImporter;
  readonly #another: () => TranscriptImporter;
  readonly #problems = new ProblemList();
  readonly #files: ImportedFile[] = [];

  constructor(importer: () => TranscriptImporter, longestKeptBytes: number) {
    this.#another = importer;
    this.#importer = importer();
    this.#importer.spans.longestKeptBytes = longestKeptBytes;
  }

  get rereading(): Rereading {
    return this;
  }

  isClipped(row: number): boolean {
    return this.#importer.spans.isClipped(row);
  }

  reread(row: number, bytesOf: (place: LinePlace) => Uint8Array): TraceSpan | undefined {
    const { spans } = this.#importer;
    const short = spans.spans[row];
    if (short === undefined) return undefined;
    const importer = this.#another();
    const id = spans.idInLines(row);
    importer.wantedId = id;
    for (const at of spans.placesOf(row)) {
      const fields = recordIn(bytesOf(at));
      if (fields === undefined) return undefined;
      importer.take({ fields, at });
    }
    const whole = importer.spans.get(id);
    if (whole === undefined) return undefined;
    const input = short.kind === "user-message" ? whole.input : short.input;
    const { output } = whole;
    return {
      ...short,
      ...(input === undefined ? {} : { input }),
      ...(output === undefined ? {} : { output }),
    };
  }

  addFile(name?: string): ImportedFile {
    const number = this.#files.length;
    const file = new ImportedFile({
      importer: this.#importer,
      problems: this.#problems,
      number,
      name: number === 0 ? undefined : name,
      onTaken: () => this.#importer.spans.clip(),
    });
    this.#files.push(file);
    return file;
  }

  get mustReadAnew(): boolean {
    return this.#importer.mustReadAnew || this.#files.some(({ contradicts }) => contradicts);
  }

  get table(): ImportedTable {
    return this.#importer.spans;
  }

  *settling(): Steps<void> {}

  *ending(fileId: string): Steps<Told> {
    const ends = this.#files.flatMap((file) => file.atEnd() ?? []);
    const { spans, metadata, title, sessionId, isWaiting } = this.#importer;
    const root = spans.get(rootId);
    const named = title ?? (metadata.prompt === undefined ? undefined : oneLine(metadata.prompt, 120));
    const name = named ?? sessionId ?? fileId;
    const input = metadata.prompt ?? root?.input;
    if (root !== undefined && (root.name !== name || root.input !== input)) {
      const edited = spans.edit(root);
      edited.name = name;
      if (input !== undefined) edited.input = input;
    }
    return {
      sessionId: sessionId ?? fileId,
      traceId: sessionId ?? fileId,
      metadata: { ...metadata, ...(named === undefined ? {} : { title: named }) },
      problems: [...this.#problems.toArray(), ...ends],
      isWaiting,
    };
  }
}

class OtlpSession implements ImportSession {
  readonly #problems = new ProblemList();
  readonly #file = new OtlpFile(this.#problems);

  addFile(): OtlpFile {
    return this.#file;
  }

  get mustReadAnew(): boolean {
    return this.#file.contradicts;
  }

  get table(): ImportedTable {
    return this.#file.spans.rows;
  }

  *settling(): Steps<void> {
    yield* this.#file.spans.rows.settling();
  }

  *ending(fileId: string): Steps<Told> {
    const ends = yield* this.#file.atEnd();
    yield* this.settling();
    const { sessionId: named, rows, repeated } = this.#file.spans;
    const sessionId = this.#file.sessionId ?? named ?? rows.traceId ?? fileId;
    return {
      sessionId,
      traceId: rows.traceId ?? sessionId,
      metadata: rows.metadata,
      problems: [...this.#problems.toArray(), ...ends, ...repeatedSpans(repeated)],
      isWaiting: false,
    };
  }
}

function recordIn(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function repeatedSpans(count: number): Problem[] {
  if (count === 0) return [];
  return [
    { code: "duplicate-span-id", severity: "info", message: "A span came more than once and counts once", count },
  ];
}

/** All that the files say, as whoever reads a session whole gets it. */
export function* loadedSession(
  session: ImportSession,
  fileId: string,
  lastWriteMs: number | undefined,
): Steps<LoadedSession> {
  const told = yield* session.ending(fileId);
  const spans = [...session.table.spans];
  const summary = yield* totalsInSteps(spans);
  yield;
  const evidence = yield* evidenceInSteps(spans);
  yield;
  const startMs = spans.reduce((earliest, { startTime }) => Math.min(earliest, startTime), Number.POSITIVE_INFINITY);
  const facts = factsOf(fileId, told, { totals: { summary, startMs }, evidence, count: spans.length, lastWriteMs });
  return {
    safeId: fileId,
    sessionId: told.sessionId,
    trace: { ...facts.header, spans },
    problems: told.problems,
    evidence: facts.evidence,
  };
}

/** What the spans of a session come to. */
export interface SpanSums {
  readonly totals: SpanTotals;
  readonly evidence: SpanEvidence;
  readonly count: number;
  readonly lastWriteMs: number | undefined;
}

export function factsOf(
  safeId: string,
  { sessionId, traceId, metadata, isWaiting }: Told,
  { totals, evidence, count, lastWriteMs }: SpanSums,
): SessionFacts {
  const { summary, startMs } = totals;
  const startedAt = startMs !== undefined && isPossibleTime(startMs) ? new Date(startMs).toISOString() : "";
  return {
    safeId,
    sessionId,
    header: { version: 2, traceId, sessionId, startedAt, metadata, summary },
    evidence: {
      ...evidence,
      // The word that stands for "it is the person's turn" in the evidence of every trace.
      ...(isWaiting ? { finalFinishReason: "stop" } : {}),
      hasSnapshot: count > 0,
      lastWriteMs,
      liveness: "unknown",
      truncated: false,
    },
  };
}
