// A file of another program, and what belongs to it, as one session: it is given bytes as they come, and asked for the
// trace as often as somebody wants to see it. What it gives is the same whether the bytes came at once or one by one.

import type { Steps } from "../base/steps";
import { oneLine } from "../trace/plainText";
import { isPossibleTime } from "../trace/possibleTime";
import type { Problem } from "../trace/problem";
import { ProblemList } from "../trace/problemList";
import type { TraceMetadata, TraceSpan } from "../trace/schema";
import type { LoadedSession } from "../trace/sessionFiles";
import { evidenceInSteps } from "../trace/spanEvidence";
import { totalsInSteps } from "../trace/traceSummary";
import { ClaudeCodeImporter } from "./claudeCode";
import { CodexImporter } from "./codex";
import { CopilotCliImporter } from "./copilotCli";
import type { ImportFormat } from "./detectFormat";
import { ImportedFile } from "./importedFile";
import { type LinePlace, rootId } from "./importedSpans";
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
  /** The next file; the first one is the one that was opened. */
  addFile(name?: string): FileOfSession;
  /** What came shows that something was read in the wrong way: the files have to be given again to another session. */
  readonly mustReadAnew: boolean;
  /**
   * What all files say as far as they were given.
   * @param fileId the name of the file, for a session without an id
   */
  session(fileId: string, lastWriteMs: number | undefined): Steps<LoadedSession>;
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
    for (const at of spans.placesOf(row)) {
      const fields = recordIn(bytesOf(at));
      if (fields === undefined) return undefined;
      importer.take({ fields, at });
    }
    const whole = importer.spans.get(short.spanId);
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
    return this.#files.some(({ contradicts }) => contradicts);
  }

  *session(fileId: string, lastWriteMs: number | undefined): Steps<LoadedSession> {
    const ends = this.#files.flatMap((file) => file.atEnd() ?? []);
    const { spans, metadata, title, sessionId, isWaiting } = this.#importer;
    const root = spans.get(rootId);
    const named = title ?? (metadata.prompt === undefined ? undefined : oneLine(metadata.prompt, 120));
    if (root !== undefined) {
      root.name = named ?? sessionId ?? fileId;
      if (metadata.prompt !== undefined) root.input = metadata.prompt;
    }
    const told: Told = {
      sessionId: sessionId ?? fileId,
      traceId: sessionId ?? fileId,
      metadata: { ...metadata, ...(named === undefined ? {} : { title: named }) },
      problems: [...this.#problems.toArray(), ...ends],
      isWaiting,
    };
    return yield* loadedSession(fileId, [...spans.spans], told, lastWriteMs);
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

  *session(fileId: string, lastWriteMs: number | undefined): Steps<LoadedSession> {
    const ends = yield* this.#file.atEnd();
    const trace = yield* this.#file.spans.trace();
    yield;
    const sessionId = this.#file.sessionId ?? trace.sessionId ?? trace.traceId ?? fileId;
    const told: Told = {
      sessionId,
      traceId: trace.traceId ?? sessionId,
      metadata: trace.metadata,
      problems: [...this.#problems.toArray(), ...ends, ...repeatedSpans(this.#file.spans.repeated)],
      isWaiting: false,
    };
    return yield* loadedSession(fileId, trace.spans, told, lastWriteMs);
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

interface Told {
  readonly sessionId: string;
  readonly traceId: string;
  readonly metadata: TraceMetadata;
  readonly problems: readonly Problem[];
  /** For the person, as the file says. */
  readonly isWaiting: boolean;
}

function* loadedSession(
  safeId: string,
  spans: TraceSpan[],
  { sessionId, traceId, metadata, problems, isWaiting }: Told,
  lastWriteMs: number | undefined,
): Steps<LoadedSession> {
  const summary = yield* totalsInSteps(spans);
  yield;
  const evidence = yield* evidenceInSteps(spans);
  yield;
  const startMs = spans.reduce((earliest, { startTime }) => Math.min(earliest, startTime), Number.POSITIVE_INFINITY);
  const startedAt = isPossibleTime(startMs) ? new Date(startMs).toISOString() : "";
  return {
    safeId,
    sessionId,
    trace: { version: 2, traceId, sessionId, startedAt, metadata, spans, summary },
    problems,
    evidence: {
      ...evidence,
      // The word that stands for "it is the person's turn" in the evidence of every trace.
      ...(isWaiting ? { finalFinishReason: "stop" } : {}),
      hasSnapshot: spans.length > 0,
      lastWriteMs,
      liveness: "unknown",
      truncated: false,
    },
  };
}
