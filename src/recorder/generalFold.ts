// Folds all files of a session into the text of `S.json`, in memory and as every reader combines them: for sessions of
// several incarnations, and for journals that are not exactly as one recorder left them.

import { basename, dirname, join } from "node:path";
import { countFailures } from "../trace/countFailures";
import { decodeDurability, encodeDurability } from "../trace/durability";
import { combineSession, readJournals } from "../trace/readSession";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";
import type { TraceFile, TraceSummary, Writer } from "../trace/schema";
import type { FileBytes } from "../trace/sessionFiles";
import { closeQuietly, isMissing, readFully } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import { encodeTrace } from "./traceText";

export interface GeneralFoldSource {
  readonly journalPath: string;
  /** Bytes of the own journal to fold: whole records. */
  readonly lengthBytes: number;
  readonly safeId: string;
  readonly writer: Writer;
  readonly durability: Readonly<Record<string, unknown>>;
  /** What the trace says of its end; undefined while it runs. */
  readonly endedAt: string | undefined;
  /** Fields that replace what the spans tell: `status`, `error`, `narrative`, `loops`. */
  readonly summary: TraceSummary;
  /** The end of a span as a JSON object, where it is to be shown before it is recorded. */
  readonly rootEnd?: { readonly spanId: string; readonly json: string } | undefined;
}

/** Writes the trace piece by piece to `sink`; see `streamFold`, which is preferred. */
export function* generalFold(source: GeneralFoldSource, sink: (bytes: Uint8Array) => Io<void>): Io<boolean> {
  const directory = dirname(source.journalPath);
  const ownName = basename(source.journalPath);
  const journals: FileBytes[] = [];
  for (const name of yield* io.list(directory)) {
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "journal" || parsed.safeId !== source.safeId) continue;
    if (parsed.incarnation > source.writer.incarnation) continue;
    const file = yield* readUpTo(
      join(directory, name),
      name === ownName ? source.lengthBytes : Number.MAX_SAFE_INTEGER,
    );
    if (file) journals.push(file);
  }
  const snapshot = yield* readUpTo(join(directory, traceFileNames.snapshot(source.safeId)), Number.MAX_SAFE_INTEGER);
  // Of an earlier incarnation's crash there may be no other sign.
  const crashMarker = yield* readUpTo(join(directory, traceFileNames.crash(source.safeId)), Number.MAX_SAFE_INTEGER);
  const read = yield* readJournals(journals);
  const files = { safeId: source.safeId, snapshot, journals, crashMarker };
  const found = yield* combineSession(files, read, () => "unknown");
  const { trace } = found.session;
  // What older incarnations still log from here on is found by readers in their own journals.
  const earlier = found.combined.held.filter(
    ({ incarnation }) =>
      incarnation < source.writer.incarnation && read.some(({ facts }) => facts.incarnation === incarnation),
  );
  const writer = earlier.length > 0 ? { ...source.writer, earlier } : source.writer;
  const { rootEnd } = source;
  const spans = rootEnd
    ? trace.spans.map((span) => (span.spanId === rootEnd.spanId ? { ...span, ...JSON.parse(rootEnd.json) } : span))
    : trace.spans;
  const folded: TraceFile = {
    ...trace,
    spans,
    sessionId: source.safeId,
    // Whom the summary is for counts on a number.
    summary: {
      totalCost: 0,
      ...trace.summary,
      failures: yield* countFailures(spans, source.summary.status),
      ...source.summary,
    },
    durability: [...durabilityBefore(trace, source.writer.incarnation), source.durability],
  };
  if (source.endedAt === undefined) delete folded.endedAt;
  else folded.endedAt = source.endedAt;
  for (const bytes of encodeTrace(folded, writer)) yield* sink(bytes);
  return true;
}

/** What older incarnations noted. */
function durabilityBefore({ durability }: TraceFile, incarnation: number): Record<string, unknown>[] {
  return decodeDurability(durability)
    .filter((one) => one.incarnation < incarnation)
    .map(encodeDurability);
}

function* readUpTo(path: string, mostBytes: number): Io<FileBytes | undefined> {
  let fd: number;
  try {
    fd = yield* io.open(path, "read");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { sizeBytes, mtimeMs } = yield* io.statFd(fd);
    const bytes = new Uint8Array(Math.min(sizeBytes, mostBytes));
    const count = yield* readFully(fd, bytes, 0);
    return { name: basename(path), bytes: bytes.subarray(0, count), mtimeMs };
  } finally {
    yield* closeQuietly(fd);
  }
}
