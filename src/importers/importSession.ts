// A file of another program, and what belongs to it, as one session: it is given bytes as they come, and asked for the
// trace as often as somebody wants to see it. What it gives is the same whether the bytes came at once or one by one.

import type { Steps } from "../base/steps";
import { oneLine } from "../trace/plainText";
import { isPossibleTime } from "../trace/possibleTime";
import type { Problem } from "../trace/problem";
import { ProblemList } from "../trace/problemList";
import type { TraceMetadata, TraceSpan } from "../trace/schema";
import type { LoadedSession } from "../trace/sessionFiles";
import { evidenceOfSpans } from "../trace/spanEvidence";
import { totalsInSteps } from "../trace/traceSummary";
import { ClaudeCodeImporter } from "./claudeCode";
import { CodexImporter } from "./codex";
import { CopilotCliImporter } from "./copilotCli";
import type { ImportFormat } from "./detectFormat";
import { ImportedFile } from "./importedFile";
import { rootId } from "./importedSpans";
import { OtlpFile } from "./otlpFile";
import type { TranscriptImporter } from "./transcript";

/** One of the files that make a session. */
export interface FileOfSession {
  /** Takes further bytes, with pauses. */
  push(bytes: Uint8Array): Steps<void>;
}

export interface ImportSession {
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

export function importSession(format: ImportFormat): ImportSession {
  return format === "otlp" ? new OtlpSession() : new TranscriptSession(transcripts[format]());
}

const transcripts: Readonly<Record<Exclude<ImportFormat, "otlp">, () => TranscriptImporter>> = {
  "claude-code": () => new ClaudeCodeImporter(),
  codex: () => new CodexImporter(),
  "copilot-cli": () => new CopilotCliImporter(),
};

class TranscriptSession implements ImportSession {
  readonly #importer: TranscriptImporter;
  readonly #problems = new ProblemList();
  readonly #files: ImportedFile[] = [];

  constructor(importer: TranscriptImporter) {
    this.#importer = importer;
  }

  addFile(name?: string): ImportedFile {
    const number = this.#files.length;
    const file = new ImportedFile({
      importer: this.#importer,
      problems: this.#problems,
      number,
      name: number === 0 ? undefined : name,
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
    const trace = this.#file.spans.trace();
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
  const evidence = evidenceOfSpans(spans);
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
