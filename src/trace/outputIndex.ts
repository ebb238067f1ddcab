// Where the lines of a program's output stand: which burst began which line, by number, without looking at a single text.
// Lines are numbered from 0 in the order of the trace's rows, which are only ever added to, so a number keeps its meaning
// while a session runs. A line over several bursts is one, and belongs to the burst in which it began.

import { isOutputRoot, type OutputStream, outputBurstOf, outputStreams } from "./outputBurst";
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

/**
 * Undefined for a trace without a program's output.
 * @param columns of these spans: with them only rows of output are read
 */
export function outputIndex(spans: SpanSource, columns?: SpanColumns): OutputIndex | undefined {
  const roots: OutputRoot[] = [];
  const bursts: IndexedBurst[] = [];
  const rootOf = new Map<number, OutputRoot>();
  const last = new Map<string, number>();
  const streams = new Set<OutputStream>();
  let lineCount = 0;
  let bytes = 0;
  for (let row = 0; row < spans.count; row++) {
    if (columns !== undefined && ((columns.flags[row] ?? 0) & FLAG.output) === 0) continue;
    const attributes = spans.fieldAt(row, "attributes") as TraceSpan["attributes"];
    if (isOutputRoot({ attributes })) {
      const commandRow = parentOf(spans, row, columns).row;
      const root = { row, commandRow, firstLine: lineCount, lastLine: -1, lineCount: 0, bytes: 0 };
      roots.push(root);
      rootOf.set(row, root);
      continue;
    }
    const burst = outputBurstOf({ attributes });
    if (burst === undefined) continue;
    const { stream, times } = burst;
    const parent = parentOf(spans, row, columns);
    const key = `${stream} ${parent.row < 0 ? parent.id : parent.row}`;
    const previous = last.get(key) ?? -1;
    const continues = burst.continues === true && previous >= 0;
    const begun = isOpen(spans, row, columns)
      ? grownTimes(times, spans.fieldAt(row, "output"), burst.continues === true)
      : times;
    // Where the beginning of its first line is lost, what is left of that line is a line too.
    const known = burst.continues === true && previous < 0 ? [0, ...begun] : begun;
    const before = bursts[previous];
    if (before !== undefined) before.next = bursts.length;
    last.set(key, bursts.length);
    const startMs = columns?.startMs[row] ?? spans.spanAt(row)?.startTime ?? Number.NaN;
    bursts.push({ row, startMs, stream, firstLine: lineCount, times: known, continues, previous, next: -1 });
    if (known.length > 0) streams.add(stream);
    lineCount += known.length;
    bytes += burst.bytes;
    const root = rootOf.get(parent.row);
    if (root === undefined) continue;
    root.bytes += burst.bytes;
    root.lineCount += known.length;
    if (known.length > 0) root.lastLine = lineCount - 1;
  }
  if (roots.length === 0 && bursts.length === 0) return undefined;
  return { roots, bursts, lineCount, bytes, streams: outputStreams.filter((stream) => streams.has(stream)) };
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
function grownTimes(times: readonly number[], output: unknown, continues: boolean): readonly number[] {
  if (typeof output !== "string" || output === "") return times;
  const lines = output.split("\n").length - (output.endsWith("\n") ? 1 : 0) - (continues ? 1 : 0);
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
