// A file of another program, and what belongs to it, as one session: it is given bytes as they come, and asked for the
// trace as often as somebody wants to see it. What it gives is the same whether the bytes came at once or one by one.

import { oneLine } from "../trace/plainText";
import { isPossibleTime } from "../trace/possibleTime";
import type { Problem } from "../trace/problem";
import { ProblemList } from "../trace/problemList";
import type { TraceFile, TraceSpan } from "../trace/schema";
import type { LoadedSession } from "../trace/sessionFiles";
import { evidenceOfSpans } from "../trace/spanEvidence";
import { summariseSpans } from "../trace/traceSummary";
import { ClaudeCodeImporter } from "./claudeCode";
import { CodexImporter } from "./codex";
import { CopilotCliImporter } from "./copilotCli";
import type { ImportFormat } from "./detectFormat";
import { ImportedFile } from "./importedFile";
import { rootId } from "./importedSpans";
import type { TranscriptImporter } from "./transcript";

export class ImportSession {
  readonly importer: TranscriptImporter;
  readonly #problems = new ProblemList();
  readonly #files: ImportedFile[] = [];

  constructor(format: ImportFormat) {
    this.importer = importers[format]();
  }

  /** The next file; the first one is the one that was opened. */
  addFile(name?: string): ImportedFile {
    const { importer } = this;
    const number = this.#files.length;
    const file = new ImportedFile({
      importer,
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

  /**
   * What all files say as far as they were given.
   * @param fileId the name of the file, for a session without an id
   */
  session(fileId: string, lastWriteMs: number | undefined): LoadedSession {
    const ends = this.#files.flatMap((file) => file.atEnd() ?? []);
    const { importer } = this;
    const spans = [...importer.spans.spans];
    const problems: Problem[] = [...this.#problems.toArray(), ...ends];
    return sessionOf(importer, spans, problems, fileId, lastWriteMs);
  }
}

const importers: Readonly<Record<ImportFormat, () => TranscriptImporter>> = {
  "claude-code": () => new ClaudeCodeImporter(),
  codex: () => new CodexImporter(),
  "copilot-cli": () => new CopilotCliImporter(),
};

function sessionOf(
  importer: TranscriptImporter,
  spans: TraceSpan[],
  problems: readonly Problem[],
  fileId: string,
  lastWriteMs: number | undefined,
): LoadedSession {
  const { metadata } = importer;
  const sessionId = importer.sessionId ?? fileId;
  const title = importer.title ?? (metadata.prompt === undefined ? undefined : oneLine(metadata.prompt, 120));
  const root = importer.spans.get(rootId);
  if (root !== undefined) {
    root.name = title ?? sessionId;
    if (metadata.prompt !== undefined) root.input = metadata.prompt;
  }
  const trace: TraceFile = {
    version: 2,
    traceId: sessionId,
    sessionId,
    startedAt: root !== undefined && isPossibleTime(root.startTime) ? new Date(root.startTime).toISOString() : "",
    metadata: { ...metadata, ...(title === undefined ? {} : { title }) },
    spans,
    summary: summariseSpans(spans),
  };
  const told = evidenceOfSpans(spans);
  return {
    safeId: fileId,
    sessionId,
    trace,
    problems,
    evidence: {
      ...told,
      ...(importer.isWaiting ? { finalFinishReason: "stop" } : {}),
      hasSnapshot: spans.length > 0,
      lastWriteMs,
      liveness: "unknown",
      truncated: false,
    },
  };
}
