// What a panel is told of a program's output with every header: how much there is, and what happened between its lines.
// Worked out once for a picture, because it costs as much as there are lines.

import type { OutputHeader, OutputMark } from "../../protocol/outputMessages";
import { failingLine } from "../../trace/outputFailure";
import { type OutputGap, type OutputIndex, type OutputRoot, outputGaps } from "../../trace/outputIndex";
import type { OutputReader } from "../../trace/outputLines";
import { outputAmount } from "../../trace/outputText";
import { oneLine } from "../../trace/plainText";
import type { TraceSpan } from "../../trace/schema";
import { FLAG, kindCodes } from "../../trace/spanColumns";
import { asFields, shellCommand, textField, toolCall } from "../../trace/toolCall";
import type { TracePicture } from "./traceModel";

const sessionKind = kindCodes.indexOf("session");
const made = new WeakMap<TracePicture, OutputHeader>();

/** Undefined for a trace without a program's output. */
export function outputHeader(picture: TracePicture): OutputHeader | undefined {
  const { output } = picture;
  if (output === undefined) return undefined;
  const known = made.get(picture);
  if (known !== undefined) return known;
  const { index } = output;
  const header: OutputHeader = {
    lineCount: index.lineCount,
    bytes: index.bytes,
    amount: outputAmount(index),
    streams: [...index.streams],
    isOnly: isOnlyOutput(picture, index),
    marks: marksOf(picture, output),
    openLines: openLines(output),
    lastLineMs: index.lineCount === 0 ? undefined : lastLineMs(index),
    failingLine: failingLine(output, picture.session.trace.spans),
    commands: index.roots.map(({ row, commandRow }) => ({ row: commandRow, outputRow: row })),
  };
  made.set(picture, header);
  return header;
}

function isOnlyOutput({ columns }: TracePicture, { roots }: OutputIndex): boolean {
  const commands = new Set(roots.map(({ commandRow }) => commandRow));
  for (let row = 0; row < columns.count; row++) {
    const isRoot = columns.kind[row] === sessionKind && (columns.parent[row] ?? -1) < 0;
    if (!isRoot && !commands.has(row) && ((columns.flags[row] ?? 0) & FLAG.output) === 0) return false;
  }
  return true;
}

function marksOf(picture: TracePicture, { index }: OutputReader): OutputMark[] {
  const { spans } = picture.session.trace;
  const isOver = picture.state.status !== "running" && picture.state.status !== "waiting";
  const [firstRoot] = index.roots;
  const startMs = spans[firstRoot?.commandRow ?? -1]?.startTime ?? Number.NaN;
  const starts = index.roots.map((root) => startMark(root, spans[root.commandRow]));
  const ends = index.roots.flatMap((root) => endMark(root, spans[root.commandRow], isOver) ?? []);
  const gaps = [...outputGaps(index, startMs), ...lastGap(index, ends, startMs)].map(
    (gap) => ({ type: "gap", ...gap }) satisfies OutputMark,
  );
  // One command ends before the next begins; the pause before the very end comes before that end.
  const marks: OutputMark[] = [...starts, ...gaps.filter(({ line }) => line < index.lineCount)];
  const behind = gaps.filter(({ line }) => line >= index.lineCount);
  const order = { end: 0, start: 1, gap: 2 } as const;
  const inside = [...marks, ...ends.filter(({ line }) => line < index.lineCount)];
  inside.sort((a, b) => a.line - b.line || order[a.type] - order[b.type]);
  return [...inside, ...behind, ...ends.filter(({ line }) => line >= index.lineCount)];
}

function startMark(root: OutputRoot, command: TraceSpan | undefined): OutputMark {
  const fields = command === undefined ? {} : toolCall(command).fields;
  return {
    type: "start",
    line: root.firstLine,
    row: root.commandRow,
    text: oneLine(shellCommand(fields) ?? command?.name ?? "", 1_000),
    detail: oneLine(textField(fields, ["cwd"]) ?? ""),
  };
}

type EndMark = Extract<OutputMark, { type: "end" }>;

function endMark(root: OutputRoot, command: TraceSpan | undefined, isOver: boolean): EndMark | undefined {
  const line = root.lastLine < 0 ? root.firstLine : root.lastLine + 1;
  const base = { type: "end", line, row: root.commandRow } as const;
  if (command?.endTime === undefined) return isOver ? { ...base, status: "lost", text: "" } : undefined;
  const isFailed = command.status === "error";
  const status = command.interrupted === true ? "interrupted" : isFailed ? "failed" : "ok";
  const exitCode = asFields(command.attributes)?.["exitCode"];
  const said = oneLine(command.statusMessage ?? "");
  return {
    ...base,
    timeMs: command.endTime,
    lengthMs: Math.max(0, command.endTime - command.startTime),
    status,
    text: said === "" && typeof exitCode === "number" ? `exit ${exitCode}` : said,
  };
}

/** From the last line to the end of the last command. */
function lastGap(index: OutputIndex, ends: readonly EndMark[], startMs: number): OutputGap[] {
  const end = ends.at(-1);
  if (end?.timeMs === undefined || end.line < index.lineCount) return [];
  const from = index.lineCount === 0 ? startMs : lastLineMs(index);
  const lengthMs = end.timeMs - from;
  return lengthMs >= 2_000 ? [{ line: index.lineCount, lengthMs }] : [];
}

function lastLineMs({ bursts }: OutputIndex): number {
  const burst = bursts.findLast(({ times }) => times.length > 0);
  return burst === undefined ? Number.NaN : burst.startMs + (burst.times.at(-1) ?? 0);
}

/** The last line of each stream of each program, where it has no end yet. */
function openLines(output: OutputReader): number[] {
  const { bursts } = output.index;
  const lines: number[] = [];
  for (let at = bursts.length - 1; at >= 0; at--) {
    const burst = bursts[at];
    if (burst === undefined || burst.next >= 0) continue;
    let begun = at;
    while (bursts[begun]?.times.length === 0 && bursts[begun]?.continues === true)
      begun = bursts[begun]?.previous ?? -1;
    const from = bursts[begun];
    if (from === undefined || from.times.length === 0) continue;
    const line = from.firstLine + from.times.length - 1;
    if (output.line(line).isOpen) lines.push(line);
  }
  return lines.sort((a, b) => a - b);
}
