// Calls of one tool with one input, again and again: three or more of them within ten calls are a loop.

import { rowsPerStep, type Steps } from "../base/steps";
import { hashOfJson } from "./actionKey";
import { describeSpan } from "./describeSpan";
import { signatureOf, unknownSignature } from "./inputSignature";
import { oneLine } from "./plainText";
import type { TraceSummary } from "./schema";
import { sortInSteps } from "./sortInSteps";
import { FLAG, kindCodes, type SpanColumns, statusCodes } from "./spanColumns";
import type { SpanFile } from "./spanFile";
import type { SpanSource, TraceHeader } from "./spanSource";

const windowCalls = 10;
const repeatsOfLoop = 3;
const mostLoops = 50;
const mostRows = 1_000;
/** The input of each is read. */
const callsPerStep = 256;

export interface TraceLoop {
  readonly tool: string;
  /** What the repeated call is about; "" where only the producer tells of the loop. */
  readonly label: string;
  readonly count: number;
  readonly failures: number;
  /** Rows of the calls, at most 1,000; empty where only the producer tells of the loop. */
  readonly rows: readonly number[];
}

const tool = kindCodes.indexOf("tool");
const failed = statusCodes.indexOf("error");

/** The largest loops first; those that only `summary.loops` names come last. */
export function* traceLoops(
  { summary }: Pick<TraceHeader, "summary">,
  spans: SpanSource,
  columns: SpanColumns,
): Steps<TraceLoop[]> {
  const own = yield* detectLoops(spans, columns);
  const unknown = toldLoops(summary, own);
  return [...own.slice(0, mostLoops).map((loop) => loopOf(loop, spans, columns)), ...unknown].slice(0, mostLoops);
}

interface FoundLoop {
  readonly tool: string;
  /** Of all its calls. */
  readonly rows: readonly number[];
}

function loopOf({ tool: name, rows }: FoundLoop, spans: SpanSource, columns: SpanColumns): TraceLoop {
  const isFailed = (row: number) =>
    columns.status[row] === failed && ((columns.flags[row] ?? 0) & FLAG.interrupted) === 0;
  return {
    tool: name,
    label: labelOf(rows[0] ?? -1, spans, columns),
    count: rows.length,
    failures: rows.filter(isFailed).length,
    rows: rows.slice(0, mostRows),
  };
}

function labelOf(row: number, spans: SpanSource, columns: SpanColumns): string {
  const label = columns.strings[columns.label[row] ?? 0] ?? "";
  if (label !== "") return label;
  const span = spans.shortSpanAt(row);
  return span === undefined ? "" : describeSpan(span).label;
}

function toldLoops(summary: TraceSummary, own: readonly FoundLoop[]): TraceLoop[] {
  const told = (summary.loops ?? []).map((loop) => ({
    tool: oneLine(loop.tool),
    label: "",
    count: loop.count,
    failures: 0,
    rows: [],
  }));
  // Producers name a loop by a hash that can't be compared: as many loops of a tool as were found here are the same ones.
  const found = new Map<string, number>();
  for (const loop of own) found.set(loop.tool, (found.get(loop.tool) ?? 0) + 1);
  return told.filter((loop) => {
    const left = found.get(loop.tool) ?? 0;
    found.set(loop.tool, left - 1);
    return left <= 0;
  });
}

function* detectLoops(spans: SpanSource, columns: SpanColumns): Steps<FoundLoop[]> {
  const rows = yield* toolRows(spans.count, columns);
  const calls = new Map<string, { row: number; position: number; isLoop: boolean }[]>();
  const signatures = yield* signaturesOf(rows, spans);
  for (let position = 0; position < rows.length; position++) {
    if (position % callsPerStep === 0) yield;
    if (signatures !== undefined && !isRepeated(position, signatures)) continue;
    const row = rows[position] ?? 0;
    const key = `${spans.toolNameAt(row)}\0${hashOfJson(spans.fieldAt(row, "input") ?? null)}`;
    const known = calls.get(key);
    const call = { row, position, isLoop: false };
    if (known === undefined) calls.set(key, [call]);
    else known.push(call);
  }
  const loops: FoundLoop[] = [];
  for (const same of calls.values()) {
    for (let last = repeatsOfLoop - 1; last < same.length; last++) {
      const first = same[last - repeatsOfLoop + 1];
      const end = same[last];
      if (first === undefined || end === undefined || end.position - first.position >= windowCalls) continue;
      for (const call of same.slice(last - repeatsOfLoop + 1, last + 1)) call.isLoop = true;
    }
    const looping = same.filter((call) => call.isLoop).map((call) => call.row);
    const [firstRow] = looping;
    if (firstRow !== undefined) loops.push({ tool: oneLine(spans.toolNameAt(firstRow)), rows: looping });
  }
  return loops.sort((a, b) => b.rows.length - a.rows.length || (a.rows[0] ?? 0) - (b.rows[0] ?? 0));
}

/** Which calls may be part of a loop is told by their bytes, before they are read; undefined where these are in no file. */
function* signaturesOf(rows: Int32Array, { file }: SpanSource): Steps<Float64Array | undefined> {
  if (file === undefined) return undefined;
  const signatures = new Float64Array(rows.length);
  for (let position = 0; position < rows.length; position++) {
    if (position % callsPerStep === 0) yield;
    signatures[position] = signatureAt(file, rows[position] ?? 0);
  }
  return signatures;
}

function signatureAt(file: SpanFile, row: number): number {
  if (file.isMended(row)) return unknownSignature;
  const range = file.fieldRanges(row).findLast(({ field }) => field === "input");
  return range === undefined ? noInput : signatureOf(file.read(range));
}

/** No input is the same as null. */
const noInput = signatureOf(new TextEncoder().encode("null"));

/** Whatever the tools are called. */
function isRepeated(position: number, signatures: Float64Array): boolean {
  const own = signatures[position] ?? unknownSignature;
  let same = 0;
  const to = Math.min(signatures.length - 1, position + windowCalls - 1);
  for (let at = Math.max(0, position - windowCalls + 1); at <= to; at++) {
    const other = signatures[at];
    if (own === unknownSignature || other === unknownSignature || own === other) same++;
  }
  return same >= repeatsOfLoop;
}

/** Rows of tool calls in the order in which they began. */
function* toolRows(count: number, { kind, startMs }: SpanColumns): Steps<Int32Array> {
  const startOf = (row: number) => {
    const start = startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? 0 : start;
  };
  const rows = new Int32Array(count);
  let length = 0;
  let isSorted = true;
  for (let row = 0; row < count; row++) {
    if (row % rowsPerStep === 0) yield;
    if (kind[row] !== tool) continue;
    if (isSorted && length > 0 && startOf(rows[length - 1] ?? 0) > startOf(row)) isSorted = false;
    rows[length++] = row;
  }
  const found = rows.subarray(0, length);
  if (!isSorted) yield* sortInSteps(found, (a, b) => startOf(a) - startOf(b) || a - b);
  return found;
}
