// What is said of one step: its mark, its words and what came of it. The same in the tree and where a failure is told.

import { formatDuration } from "../trace/formatValue";
import { isOutputRoot } from "../trace/outputBurst";
import type { Place } from "../trace/place";
import { FLAG, kindCodes, statusCodes } from "../trace/spanColumns";
import { toolName } from "../trace/toolCall";
import type { Piece, Style } from "./screen";
import { type SessionPicture, spanAt } from "./sessionPicture";
import { visibleLine } from "./visibleText";

export type StepStatus = "ok" | "failed" | "recovered" | "interrupted" | "open" | "notRun" | "synthetic";

const tool = kindCodes.indexOf("tool");
const userMessage = kindCodes.indexOf("user-message");
const errorCode = statusCodes.indexOf("error");

export function stepStatus({ columns }: SessionPicture, row: number): StepStatus {
  const flags = columns.flags[row] ?? 0;
  if ((flags & FLAG.synthetic) !== 0) return "synthetic";
  if ((flags & FLAG.interrupted) !== 0) return "interrupted";
  if ((flags & FLAG.recovered) !== 0) return "recovered";
  if (columns.status[row] === errorCode) return "failed";
  if ((flags & FLAG.open) !== 0) return "open";
  return (flags & FLAG.notRun) !== 0 ? "notRun" : "ok";
}

const marks: Readonly<Record<StepStatus, string>> = {
  ok: "✓",
  failed: "✗",
  recovered: "✗",
  interrupted: "⊘",
  open: "●",
  notRun: "↷",
  synthetic: "?",
};

const markStyles: Readonly<Record<StepStatus, Style>> = {
  ok: "good",
  failed: "error",
  recovered: "faint",
  interrupted: "faint",
  open: "live",
  notRun: "faint",
  synthetic: "warning",
};

export function stepMark(status: StepStatus): Piece {
  return { text: marks[status], style: markStyles[status] };
}

export function stepName(picture: SessionPicture, row: number): string {
  const { columns } = picture;
  const span = spanAt(picture, row);
  const name = columns.kind[row] === tool && span !== undefined ? toolName(span) : textAt(picture, "name", row);
  return visibleLine(name);
}

/** What the step is about; "" where nothing is known. */
export function stepLabel(picture: SessionPicture, row: number): string {
  return visibleLine(textAt(picture, "label", row));
}

/** "exit 1", "interrupted", "in progress": what came of it, "" for a step that went well. */
export function stepOutcome(picture: SessionPicture, row: number): string {
  const status = stepStatus(picture, row);
  const told = visibleLine(textAt(picture, "outcome", row));
  switch (status) {
    case "recovered":
      return told === "" || told === "error" ? "recovered" : `${told}, recovered`;
    case "open":
      return openWords(picture, row);
    case "failed":
      return told === "" ? "error" : told;
    case "interrupted":
      return "interrupted";
    default:
      return told;
  }
}

/** The end of a step that has none. The root and the program's output end with their session. */
export function openWords(picture: SessionPicture, row: number): string {
  const { state } = picture;
  if (isLiveState(state.status)) return "in progress";
  if (wasKilled(picture)) {
    const span = spanAt(picture, row);
    const isBelow = picture.columns.parent[row] !== -1 && !(span !== undefined && isOutputRoot(span));
    return isBelow ? "in progress when the process died" : "not ended";
  }
  return "no end recorded";
}

export function isLiveState(status: SessionPicture["state"]["status"]): boolean {
  return status === "running" || status === "waiting";
}

export function wasKilled({ state }: SessionPicture): boolean {
  return state.status === "crashed";
}

/** "" for a step whose duration nobody knows, and for a message and a step that was not run, which take none. */
export function stepDuration({ columns }: SessionPicture, row: number): string {
  const durationMs = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
  const takesNone = columns.kind[row] === userMessage || ((columns.flags[row] ?? 0) & FLAG.notRun) !== 0;
  if (durationMs === 0 && takesNone) return "";
  return Number.isNaN(durationMs) ? "" : formatDuration(durationMs);
}

/** `path:line:column`, as editors and terminals take it. */
export function placeText({ path, line, column }: Place): string {
  const at = line === undefined ? "" : `:${line}${column === undefined ? "" : `:${column}`}`;
  return visibleLine(path) + at;
}

function textAt({ columns }: SessionPicture, column: "name" | "label" | "outcome", row: number): string {
  return columns.strings[columns[column][row] ?? 0] ?? "";
}
