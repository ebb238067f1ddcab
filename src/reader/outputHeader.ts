// What a panel is told of a program's output with every header: how much there is, and what happened between its lines.

import type { OutputHeader, OutputMark } from "../protocol/outputMessages";
import { formatBytes } from "../trace/formatValue";
import { failingLine } from "../trace/outputFailure";
import { lineAtTime, type OutputGap, type OutputIndex, type OutputRoot, outputGaps } from "../trace/outputIndex";
import type { OutputReader } from "../trace/outputLines";
import { outputAmount } from "../trace/outputText";
import { oneLine } from "../trace/plainText";
import type { TraceSpan } from "../trace/schema";
import { FLAG, kindCodes } from "../trace/spanColumns";
import { asFields, type Fields, numberField, shellCommand, textField, toolCall } from "../trace/toolCall";
import type { TracePicture } from "./picture";

const sessionKind = kindCodes.indexOf("session");
const mostNotes = 100;

/** Undefined for a trace without a program's output. */
export function outputHeader(picture: TracePicture): OutputHeader | undefined {
  const { output } = picture;
  if (output === undefined) return undefined;
  const { index } = output;
  return {
    lineCount: index.lineCount,
    bytes: index.bytes,
    amount: outputAmount(index),
    streams: [...index.streams],
    isOnly: isOnlyOutput(picture, index),
    marks: marksOf(picture, output),
    openLines: openLines(output),
    lastLineMs: index.lineCount === 0 ? undefined : lastLineMs(index),
    failingLine: failingLine(output, picture.spans),
    ...launchNotes(picture),
    commands: index.roots.map(({ row, commandRow }) => ({ row: commandRow, outputRow: row })),
  };
}

function launchNotes(picture: TracePicture): Pick<OutputHeader, "captureReason" | "keptExporter"> {
  const { kind, parent, flags } = picture.columns;
  const isRoot = (row: number) =>
    kind[row] === sessionKind && parent[row] === -1 && ((flags[row] ?? 0) & (FLAG.cycleCut | FLAG.synthetic)) === 0;
  let root = 0;
  while (root < picture.spans.count && !isRoot(root)) root++;
  const attributes = picture.spans.spanAt(root)?.attributes ?? {};
  const capture = asFields(asFields(attributes["tracekeeper.launch"])?.["capture"]) ?? {};
  const kept = textField(asFields(attributes["tracekeeper.exporter"]) ?? {}, ["kept"]);
  const reason = textField(capture, ["reason"]);
  return {
    ...(reason === undefined ? {} : { captureReason: oneLine(reason, 500) }),
    ...(kept === undefined ? {} : { keptExporter: oneLine(kept) }),
  };
}

function isOnlyOutput({ columns }: TracePicture, { roots }: OutputIndex): boolean {
  const commands = new Set(roots.map(({ commandRow }) => commandRow));
  for (let row = 0; row < columns.count; row++) {
    const isRoot = columns.kind[row] === sessionKind && (columns.parent[row] ?? -1) < 0;
    if (!isRoot && !commands.has(row) && ((columns.flags[row] ?? 0) & FLAG.output) === 0) return false;
  }
  return true;
}

/** Of several marks above one line: what ended, what was noted, what began, and how long it said nothing. */
const order = { end: 0, note: 1, start: 2, gap: 3 } as const;
/** Behind the last line the end is last. */
const orderBehind = { start: 0, gap: 1, note: 2, end: 3 } as const;

function marksOf(picture: TracePicture, { index }: OutputReader): OutputMark[] {
  const { spans } = picture;
  const isOver = picture.state.status !== "running" && picture.state.status !== "waiting";
  const [firstRoot] = index.roots;
  const startMs = spans.spanAt(firstRoot?.commandRow ?? -1)?.startTime ?? Number.NaN;
  const ends = index.roots.flatMap((root) => endMark(root, spans.spanAt(root.commandRow), isOver) ?? []);
  const marks: OutputMark[] = [
    ...index.roots.map((root) => startMark(root, spans.spanAt(root.commandRow))),
    ...[...outputGaps(index, startMs), ...lastGap(index, ends, startMs)].map(
      (gap) => ({ type: "gap", ...gap }) as const,
    ),
    ...index.roots.flatMap(({ row, commandRow }) =>
      [spans.spanAt(commandRow), spans.spanAt(row)].flatMap((span) => notes(index, span)),
    ),
    ...ends,
  ];
  const rank = ({ line, type }: OutputMark) => (line >= index.lineCount ? orderBehind[type] : order[type]);
  return marks.sort((a, b) => a.line - b.line || rank(a) - rank(b));
}

type NoteMark = Extract<OutputMark, { type: "note" }>;

/** What the session noted of a command or of its output. */
function notes(index: OutputIndex, span: TraceSpan | undefined): NoteMark[] {
  return (span?.events ?? []).slice(0, mostNotes).flatMap(({ name, timeMs, attributes = {} }) => {
    const said = noteOf(name, attributes);
    return said === undefined ? [] : [{ type: "note", line: lineAtTime(index, timeMs), timeMs, ...said }];
  });
}

function noteOf(name: string, attributes: Fields): Pick<NoteMark, "note" | "words"> | undefined {
  const word = (field: string) => oneLine(textField(attributes, [field]) ?? "");
  switch (name) {
    case "tracekeeper.stop":
      return { note: "stop", words: [word("step"), word("by")] };
    case "tracekeeper.output-lost":
      return { note: "lost", words: [formatBytes(numberField(attributes, ["bytes"]) ?? Number.NaN), word("reason")] };
    case "tracekeeper.streams-held":
      return { note: "held", words: [] };
    default:
      return undefined;
  }
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
