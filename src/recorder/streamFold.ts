// Folds a journal of ours into the text of `S.json` without holding it: finished spans are copied byte by byte, in the
// order in which they began, and only a span that was changed in between is parsed. Memory is the index's, not the texts'.

import { JournalFold } from "../trace/foldJournal";
import type { JournalEntry } from "../trace/journalReading";
import { isRecordType, toRecord } from "../trace/journalRecord";
import { ProblemList } from "../trace/problemList";
import type { TraceSpan, TraceSummary } from "../trace/schema";
import { BlockReader, HeldBytes, type JournalBytes } from "./blockReader";
import { FoldedFailures } from "./foldedFailures";
import { type Extent, indexJournal, type JournalIndex } from "./journalIndex";
import { placeLateLines } from "./lateLines";
import { type Io, io } from "./recorderFs";
import { spanSeparator, type TraceFrame, textAfterSpans, textBeforeSpans } from "./traceText";

const outputBytes = 1024 * 1024;
const openEnd = Buffer.from(',"status":"ok"}');
const separator = Buffer.from(spanSeparator);
const comma = 0x2c;

export interface FoldSource {
  readonly journalPath: string;
  /** Bytes of the journal to fold: whole records. */
  readonly lengthBytes: number;
  /** Wall time of the journal's header, to which its monotonic times are added. */
  readonly headerWallMs: number;
  readonly frame: TraceFrame;
  /** The end of the first span as a JSON object, where it is to be shown before it is recorded. */
  readonly rootEnd?: string | undefined;
}

/**
 * Of longer journals, and of more spans, the failures are not counted: that takes 7 µs of the processor and 100 bytes a span,
 * and the end of a session has five seconds in all, also on a busy machine.
 */
const mostCountedBytes = 32 * 1024 * 1024;
const mostCountedRows = 100_000;

/**
 * Writes the trace piece by piece to `sink`, which must be done with a piece when it returns.
 * @returns false, with nothing written, where the journal is not exactly as this recorder writes it
 */
export function* streamFold(source: FoldSource, sink: (bytes: Uint8Array) => Io<void>): Io<boolean> {
  const fd = yield* io.open(source.journalPath, "read");
  try {
    const indexed = yield* indexJournal(fd, source.lengthBytes);
    if (indexed === undefined) return false;
    const { index, bytes } = indexed;
    const reader = bytes ? new HeldBytes(bytes) : new BlockReader(fd, source.lengthBytes);
    if (!(yield* placeLateLines(index, reader))) return false;
    const { frame } = source;
    const isCounted = index.rowCount <= mostCountedRows && source.lengthBytes <= mostCountedBytes;
    const failures = isCounted && mayHaveFailed(frame.summary) ? new FoldedFailures() : undefined;
    const output = new Output(function* (bytes) {
      failures?.push(bytes);
      yield* sink(bytes);
    });
    yield* output.write(Buffer.from(textBeforeSpans(frame)));
    yield* writeSpans(index, reader, output, source);
    let { summary } = frame;
    if (failures !== undefined) {
      yield* output.flush();
      const spanAt = (row: number) => spanOf(row, index, reader, source);
      summary = { ...summary, failures: yield* failures.count(spanAt, summary.status) };
    }
    yield* output.write(Buffer.from(textAfterSpans({ ...frame, summary })));
    yield* output.flush();
    return true;
  } finally {
    yield* io.close(fd);
  }
}

function* writeSpans(index: JournalIndex, reader: JournalBytes, output: Output, source: FoldSource): Io<void> {
  for (let row = 0; row < index.rowCount; row++) {
    if (row > 0) output.has(2) ? output.put(separator) : yield* output.write(separator);
    const begin = index.begins.object(row);
    if (!begin) throw new Error(`Row ${row} of the journal has no beginning`);
    switch (index.form(row)) {
      case "whole":
        yield* copy(reader, begin.at, begin.length, output);
        break;
      case "begun":
        yield* copy(reader, begin.at, begin.length - 1, output);
        yield* output.write(
          row === 0 && source.rootEnd !== undefined ? Buffer.from(`,${source.rootEnd.slice(1)}`) : openEnd,
        );
        break;
      case "ended": {
        const end = index.ends.object(row);
        if (!end) throw new Error(`Row ${row} of the journal has no end`);
        yield* copy(reader, begin.at, begin.length - 1 - index.replaced(row), output);
        yield* output.write(Buffer.of(comma));
        yield* copy(reader, end.at + 1, end.length - 1, output);
        break;
      }
      case "changed":
        yield* output.write(Buffer.from(yield* foldLines(row, index.changes.get(row) ?? [], reader, source)));
        break;
    }
  }
}

/** A session that failed or crashed may have done so by itself, and what was open when it crashed is where it failed. */
function mayHaveFailed({ failures, status }: TraceSummary): boolean {
  return failures !== 0 || status === "error" || status === "crashed";
}

/** As it is written, but for the end of the root. */
function* spanOf(row: number, index: JournalIndex, reader: JournalBytes, source: FoldSource): Io<TraceSpan> {
  if (index.form(row) === "changed") {
    return JSON.parse(yield* foldLines(row, index.changes.get(row) ?? [], reader, source)) as TraceSpan;
  }
  const begin = yield* readObject(index.begins.object(row), reader);
  return { ...begin, ...(yield* readObject(index.ends.object(row), reader)) } as unknown as TraceSpan;
}

function* readObject(extent: Extent | undefined, reader: JournalBytes): Io<object> {
  return extent === undefined ? {} : (JSON.parse(yield* readText(extent, reader)) as object);
}

function* readText({ at, length }: Extent, reader: JournalBytes): Io<string> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const piece = yield* reader.read(at + done, length - done);
    bytes.set(piece, done);
    done += piece.length;
  }
  return bytes.toString();
}

function* copy(reader: JournalBytes, at: number, length: number, output: Output): Io<void> {
  if (reader.holds(at, length) && output.has(length)) {
    output.put(reader.view(at, length));
    return;
  }
  for (let done = 0; done < length; ) {
    const piece = yield* reader.read(at + done, length - done);
    yield* output.write(piece);
    done += piece.length;
  }
}

/** The span that these records make, as JSON: the same fold that every reader does. */
function* foldLines(row: number, lines: readonly Extent[], reader: JournalBytes, source: FoldSource): Io<string> {
  const fold = new JournalFold([], {}, { problems: new ProblemList() });
  fold.beginIncarnation(source.frame.writer.incarnation);
  for (const line of lines) {
    const entry = toEntry(yield* readText(line, reader), line, source.headerWallMs);
    if (entry) fold.apply(entry);
  }
  const ended = row === 0 && source.rootEnd !== undefined ? (JSON.parse(source.rootEnd) as object) : {};
  return JSON.stringify({ ...fold.spans[0], ...ended });
}

function toEntry(text: string, line: Extent, headerWallMs: number): JournalEntry | undefined {
  const fields = JSON.parse(text) as Record<string, unknown>;
  const { s, w, m, t } = fields;
  const record = typeof t === "string" && isRecordType(t) ? toRecord(t, fields) : undefined;
  if (!record) return undefined;
  return {
    seq: Number(s),
    timeMs: headerWallMs + Number(m),
    wallMs: Number(w),
    offsetBytes: line.at,
    endBytes: line.at + line.length,
    record,
  };
}

/** Gathers small pieces into large writes. */
class Output {
  readonly #buffer = Buffer.allocUnsafe(outputBytes);
  readonly #sink: (bytes: Uint8Array) => Io<void>;
  #length = 0;

  constructor(sink: (bytes: Uint8Array) => Io<void>) {
    this.#sink = sink;
  }

  /** Whether `put` can take so many bytes. */
  has(bytes: number): boolean {
    return this.#length + bytes <= outputBytes;
  }

  put(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  *write(bytes: Uint8Array): Io<void> {
    if (!this.has(bytes.length)) yield* this.flush();
    if (this.has(bytes.length)) this.put(bytes);
    else yield* this.#sink(bytes);
  }

  *flush(): Io<void> {
    if (this.#length === 0) return;
    const length = this.#length;
    this.#length = 0;
    yield* this.#sink(this.#buffer.subarray(0, length));
  }
}
