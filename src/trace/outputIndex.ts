// Where the lines of a program's output stand: which burst began which line, by number, without looking at a single text.
// Lines are numbered from 0 in the order of the trace's rows, which are only ever added to, so a number keeps its meaning
// while a session runs. A line over several bursts is one, and belongs to the burst in which it began.

import { isOutputRoot, type OutputBurst, type OutputStream, outputBurstOf, outputStreams } from "./outputBurst";
import type { TraceSpan } from "./schema";
import { FLAG, type SpanColumns } from "./spanColumns";
import type { SpanSource } from "./spanSource";

export interface IndexedBurst {
  /** Index of its span. */
  readonly row: number;
  readonly startMs: number;
  readonly stream: OutputStream;
  /** Number of the first line that began in it. */
  readonly firstLine: number;
  /** When its lines began: ms after `startMs`, one for each. */
  readonly times: readonly number[];
  /** Its text begins with the rest of a line of the burst `previous`. */
  readonly continues: boolean;
  /** Indexes of the neighbours of the same stream of the same program, -1 for none. */
  readonly previous: number;
  next: number;
}

export interface OutputRoot {
  /** Row of the span `output`. */
  readonly row: number;
  /** Row of the command's span; -1 where it is not in the trace. */
  readonly commandRow: number;
  /** Lines that came before it. */
  readonly firstLine: number;
  /** Number of its last line; -1 where it has none. */
  lastLine: number;
  lineCount: number;
  bytes: number;
}

export interface OutputIndex {
  readonly roots: readonly OutputRoot[];
  readonly bursts: readonly IndexedBurst[];
  readonly lineCount: number;
  /** As the program wrote them, before decoding. */
  readonly bytes: number;
  /** Those that have a line, in the order of `outputStreams`. */
  readonly streams: readonly OutputStream[];
}

/** What is known of a burst by itself. */
export interface OutputPiece {
  readonly row: number;
  readonly startMs: number;
  readonly burst: OutputBurst;
  /** When the lines began of which its span tells, or its text where that is ahead. */
  readonly begun: readonly number[];
  /** Row of its parent, -1 for one that is not in the trace, of which only the id is known. */
  readonly parent: { readonly row: number; readonly id: string };
}

/**
 * Undefined for a trace without a program's output.
 * @param columns of these spans: with them only rows of output are read
 */
export function outputIndex(spans: SpanSource, columns?: SpanColumns): OutputIndex | undefined {
  const index = new GrowingOutputIndex();
  for (let row = 0; row < spans.count; row++) {
    if (columns !== undefined && ((columns.flags[row] ?? 0) & FLAG.output) === 0) continue;
    const attributes = spans.fieldAt(row, "attributes") as TraceSpan["attributes"];
    if (isOutputRoot({ attributes })) {
      index.addRoot(row, parentOf(spans, row, columns).row);
      continue;
    }
    const burst = outputBurstOf({ attributes });
    if (burst === undefined) continue;
    const begun = isOpen(spans, row, columns) ? grownTimes(burst, spans.fieldAt(row, "output")) : burst.times;
    const startMs = columns?.startMs[row] ?? spans.spanAt(row)?.startTime ?? Number.NaN;
    index.addBurst({ row, startMs, burst, begun, parent: parentOf(spans, row, columns) });
  }
  return index.roots.length === 0 && index.bursts.length === 0 ? undefined : index;
}

/** An index to which rows are added in their order. */
export class GrowingOutputIndex implements OutputIndex {
  readonly roots: OutputRoot[] = [];
  readonly bursts: IndexedBurst[] = [];
  lineCount = 0;
  bytes = 0;
  readonly #rootOf = new Map<number, OutputRoot>();
  readonly #last = new Map<string, number>();
  readonly #streams = new Set<OutputStream>();

  get streams(): readonly OutputStream[] {
    return outputStreams.filter((stream) => this.#streams.has(stream));
  }

  addRoot(row: number, commandRow: number): void {
    const root = { row, commandRow, firstLine: this.lineCount, lastLine: -1, lineCount: 0, bytes: 0 };
    this.roots.push(root);
    this.#rootOf.set(row, root);
  }

  addBurst({ row, startMs, burst, begun, parent }: OutputPiece): void {
    const { stream } = burst;
    const key = `${stream} ${parent.row < 0 ? parent.id : parent.row}`;
    const previous = this.#last.get(key) ?? -1;
    const continues = burst.continues === true && previous >= 0;
    // Where the beginning of its first line is lost, what is left of that line is a line too.
    const times = burst.continues === true && previous < 0 ? [0, ...begun] : begun;
    const before = this.bursts[previous];
    if (before !== undefined) before.next = this.bursts.length;
    this.#last.set(key, this.bursts.length);
    this.bursts.push({ row, startMs, stream, firstLine: this.lineCount, times, continues, previous, next: -1 });
    if (times.length > 0) this.#streams.add(stream);
    this.lineCount += times.length;
    this.bytes += burst.bytes;
    const root = this.#rootOf.get(parent.row);
    if (root === undefined) return;
    root.bytes += burst.bytes;
    root.lineCount += times.length;
    if (times.length > 0) root.lastLine = this.lineCount - 1;
  }
}

/** Row of the parent, -1 for one that is not in the trace, of which only the id is known. */
function parentOf(
  spans: SpanSource,
  row: number,
  columns: SpanColumns | undefined,
): { readonly row: number; readonly id: string } {
  const known = columns?.parent[row] ?? -1;
  if (known >= 0 && known < spans.count) return { row: known, id: "" };
  const id = spans.shortSpanAt(row)?.parentSpanId ?? "";
  return { row: id === "" ? -1 : spans.rowOf(id), id };
}

function isOpen(spans: SpanSource, row: number, columns: SpanColumns | undefined): boolean {
  if (columns !== undefined) return ((columns.flags[row] ?? 0) & FLAG.open) !== 0;
  return spans.spanAt(row)?.endTime === undefined;
}

/** A burst that is written to, or was when its session died, has text that its times don't tell of yet. */
export function grownTimes({ times, continues }: OutputBurst, output: unknown): readonly number[] {
  if (typeof output !== "string" || output === "") return times;
  const lines = output.split("\n").length - (output.endsWith("\n") ? 1 : 0) - (continues === true ? 1 : 0);
  if (lines <= times.length) return times;
  return [...times, ...new Array<number>(lines - times.length).fill(times.at(-1) ?? 0)];
}

/** Index of the burst in which the line began; -1 for a line that is not there. */
export function burstOfLine({ bursts, lineCount }: OutputIndex, line: number): number {
  if (line < 0 || line >= lineCount) return -1;
  let low = 0;
  let high = bursts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((bursts[middle]?.firstLine ?? 0) <= line) low = middle;
    else high = middle - 1;
  }
  // Of several bursts with the same first line all but the last began none.
  return low;
}

/** When the line began, in ms since the epoch; NaN for a line that is not there. */
export function lineTimeMs(index: OutputIndex, line: number): number {
  const burst = index.bursts[burstOfLine(index, line)];
  return burst === undefined ? Number.NaN : burst.startMs + (burst.times[line - burst.firstLine] ?? 0);
}

/** Number of the first line that began at that time or later; the number of lines where none did. */
export function lineAtTime({ bursts, lineCount }: OutputIndex, timeMs: number): number {
  for (const { startMs, firstLine, times } of bursts) {
    const offset = times.findIndex((afterMs) => startMs + afterMs >= timeMs);
    if (offset >= 0) return firstLine + offset;
  }
  return lineCount;
}

export interface OutputGap {
  /** The line that ended it; the number of lines for one that lasts to the end. */
  readonly line: number;
  readonly lengthMs: number;
}

const leastGapMs = 2_000;
/** So many are always shown; of more only where they are rare among the lines, for a steady rhythm is no silence. */
const alwaysShown = 12;
const mostShown = 300;
const linesPerGap = 4;

/** Pauses between lines, and from `startMs` to the first. Of too many only the longer ones. */
export function outputGaps(index: OutputIndex, startMs: number): OutputGap[] {
  const gaps: OutputGap[] = [];
  let before = startMs;
  for (const { startMs: burstMs, firstLine, times } of index.bursts) {
    for (let offset = 0; offset < times.length; offset++) {
      const at = burstMs + (times[offset] ?? 0);
      if (at - before >= leastGapMs) gaps.push({ line: firstLine + offset, lengthMs: at - before });
      if (!(at < before)) before = at;
    }
  }
  const most = Math.max(alwaysShown, Math.min(mostShown, index.lineCount / linesPerGap));
  let shown = gaps;
  for (let least = 2 * leastGapMs; shown.length > most; least *= 2) {
    shown = shown.filter(({ lengthMs }) => lengthMs >= least);
  }
  return shown;
}
