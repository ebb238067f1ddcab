// A journal and what is known beside it, as the text of `S.json`: by the fast fold where the journal is exactly as this
// recorder wrote it, else by the fold that every reader does.

import type { TraceMetadata, TraceSummary, Writer } from "../trace/schema";
import { closeQuietly, readFully, unlinkQuietly } from "./fileTasks";
import { generalFold } from "./generalFold";
import { type Io, io, type RecorderFs, runAsync } from "./recorderFs";
import { writeTemp } from "./replaceSnapshot";
import { streamFold } from "./streamFold";
import type { TraceSource } from "./traceTypes";

export interface FoldRequest {
  readonly journalPath: string;
  readonly lengthBytes: number;
  readonly headerWallMs: number;
  readonly safeId: string;
  readonly traceId: string;
  readonly metadata: TraceMetadata;
  readonly endedAt: string | undefined;
  /** Totals and end; of the general fold only what spans do not tell. */
  readonly totals: TraceSummary;
  readonly outcome: TraceSummary;
  readonly writer: Writer;
  /** When the journal was brought to the disk; see `DurabilityLog`. */
  readonly durability: Readonly<Record<string, unknown>>;
  readonly isIrregular: boolean;
  readonly rootEnd?: { readonly spanId: string; readonly json: string } | undefined;
  onIrregular(): void;
}

export function* fold(request: FoldRequest, sink: (bytes: Uint8Array) => Io<void>): Io<boolean> {
  const { journalPath, lengthBytes, headerWallMs, safeId, traceId, metadata, endedAt, writer, rootEnd } = request;
  const { durability } = request;
  if (!request.isIrregular) {
    const startedAt = new Date(headerWallMs).toISOString();
    const summary = { ...request.totals, ...request.outcome };
    const frame = {
      traceId,
      sessionId: safeId,
      startedAt,
      endedAt,
      metadata,
      summary,
      writer,
      durability: [durability],
    };
    const source = { journalPath, lengthBytes, headerWallMs, frame, rootEnd: rootEnd?.json };
    if (yield* streamFold(source, sink)) return true;
    request.onIrregular();
  }
  return yield* generalFold(
    { journalPath, lengthBytes, safeId, writer, durability, endedAt, summary: request.outcome, rootEnd },
    sink,
  );
}

const chunkBytes = 256 * 1024;

/** The trace in a temporary file, to be read as often as wanted. */
export async function traceSource(
  fs: RecorderFs,
  tempPath: string,
  rawId: string,
  request: FoldRequest,
): Promise<TraceSource & { dispose(): Promise<void> }> {
  await runAsync(
    fs,
    writeTemp(tempPath, (sink) => fold(request, sink), false),
  );
  const { sizeBytes } = await fs.async.stat(tempPath);
  return {
    sessionId: rawId,
    sizeBytes,
    open: () => readChunks(fs, tempPath, sizeBytes),
    dispose: async () => void (await runAsync(fs, unlinkQuietly(tempPath))),
  };
}

async function* readChunks(fs: RecorderFs, path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const fd = await runAsync(fs, io.open(path, "read"));
  try {
    for (let offset = 0; offset < sizeBytes; ) {
      const chunk = new Uint8Array(Math.min(chunkBytes, sizeBytes - offset));
      const count = await runAsync(fs, readFully(fd, chunk, offset));
      if (count === 0) break;
      offset += count;
      yield count === chunk.length ? chunk : chunk.slice(0, count);
    }
  } finally {
    await runAsync(fs, closeQuietly(fd));
  }
}
