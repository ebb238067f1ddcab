// A program's output in words and as one text: how much there is, and what a person copies or opens in an editor.

import { formatBytes, formatCount } from "./formatValue";
import { type OutputIndex, outputIndex } from "./outputIndex";
import { OutputReader } from "./outputLines";
import type { TraceSpan } from "./schema";
import { spansInMemory } from "./spanSource";

/** Editors of the workbench refuse texts of more than 50 MB. */
const mostText = 16 * 1024 * 1024;

export interface OutputText {
  readonly text: string;
  /** Lines that did not fit. */
  readonly leftOut: number;
}

/** "1,234 lines · 88 KB". */
export function outputAmount({ lineCount, bytes }: Pick<OutputIndex, "lineCount" | "bytes">): string {
  return `${formatCount(lineCount)} ${lineCount === 1 ? "line" : "lines"} · ${formatBytes(bytes)}`;
}

/** The output of a whole trace, without codes. */
export function wholeOutput(spans: readonly TraceSpan[]): OutputText {
  const source = spansInMemory(spans);
  const index = outputIndex(source);
  return allLines(index && new OutputReader(index, source));
}

/** All lines, without codes; none where there is no output. */
export function allLines(reader: OutputReader | undefined): OutputText {
  if (reader === undefined) return { text: "", leftOut: 0 };
  return linesAsText(reader, { from: 0, to: reader.index.lineCount - 1 });
}

/** Lines `from` to `to`, both included, of the first without its first `fromOffset` UTF-16 units, of the last `toOffset`. */
export interface OutputRange {
  readonly from: number;
  readonly fromOffset?: number | undefined;
  readonly to: number;
  readonly toOffset?: number | undefined;
}

export function linesAsText(reader: OutputReader, range: OutputRange): OutputText {
  const last = Math.min(range.to, reader.index.lineCount - 1);
  const lines: string[] = [];
  let length = 0;
  for (let line = Math.max(0, range.from); line <= last; line++) {
    let text = reader.text(line);
    if (line === range.to && range.toOffset !== undefined) text = text.slice(0, range.toOffset);
    if (line === range.from && range.fromOffset !== undefined) text = text.slice(range.fromOffset);
    length += text.length + 1;
    if (length > mostText && lines.length > 0) return { text: lines.join("\n"), leftOut: last - line + 1 };
    lines.push(text);
  }
  return { text: lines.join("\n"), leftOut: 0 };
}
