// The first lines of `show`: the state and how long, what it used, what session it is and in which file, and why it is
// not whole where it is not.

import { relative, resolve } from "node:path";
import { launchAttribute } from "../session/sessionRecord";
import { parseSessionKey } from "../store/sessionKey";
import { describeState } from "../trace/describeState";
import { formatCost, formatCount, formatDuration } from "../trace/formatValue";
import { oneLine } from "../trace/plainText";
import { quantity } from "../trace/problemList";
import type { TraceSpan } from "../trace/schema";
import type { SessionStatus } from "../trace/state";
import { asFields } from "../trace/toolCall";
import { loopWords } from "../trace/traceLoops";
import { defaultDirectory } from "./command";
import { type Piece, paint, paintLine, type Screen, type Style } from "./screen";
import type { SessionPicture } from "./sessionPicture";
import { isLiveState } from "./stepWords";
import { wrapToWidth } from "./textWidth";
import { visibleLine, visibleLines } from "./visibleText";

const titleLength = 200;
const mostErrorLines = 6;
const mostLoops = 3;

export const statusMarks: Readonly<Record<SessionStatus, Piece>> = {
  running: { text: "●", style: "live" },
  waiting: { text: "●", style: "live" },
  completed: { text: "✓", style: "good" },
  failed: { text: "✗", style: "error" },
  crashed: { text: "✗", style: "error" },
  unknown: { text: "?", style: "warning" },
};

export function* headerLines(picture: SessionPicture, screen: Screen): Iterable<string> {
  const { state, nowMs, session } = picture;
  const { label, detail } = describeState(state, nowMs);
  const mark = statusMarks[state.status];
  const style: Style | undefined = mark.style === "error" ? "errorStrong" : mark.style;
  yield paintLine(
    [mark, { text: ` ${label}`, style }, { text: "  " }, { text: titleOf(picture), style: "strong" }],
    [],
    screen,
  );
  yield* indented([figures(picture)], screen);
  yield* indented([facts(picture)], screen, "faint");
  yield whole(visibleLine(relativePath(picture.key)), screen, "faint");
  if (detail !== "") yield* indented([visibleLine(detail)], screen, "warning");
  yield* indented(captureWords(session.trace.spans), screen, "faint");
  yield* indented(loopLines(picture), screen, "warning");
  if (state.error !== undefined) yield* indented(firstLines(state.error, mostErrorLines), screen, "error");
}

export function titleOf({ session }: SessionPicture): string {
  const { title, prompt } = session.trace.metadata;
  return visibleLine(oneLine(title ?? "", titleLength) || oneLine(prompt ?? "", titleLength) || session.sessionId);
}

/** The first lines, and how many more there are. */
export function firstLines(text: string, most: number): string[] {
  const lines = visibleLines(text);
  return lines.length <= most + 1
    ? lines
    : [...lines.slice(0, most), `… ${quantity(lines.length - most, "more line", "more lines")}`];
}

/** Lines below a heading, broken where the screen ends. */
export function* indented(lines: Iterable<string>, screen: Screen, style?: Style): Iterable<string> {
  for (const line of lines) {
    if (line === "") continue;
    const parts = screen.width === undefined ? [line] : wrapToWidth(line, screen.width - 2);
    for (const text of parts) yield paint([{ text: "  " }, { text, style }], screen);
  }
}

/** A path or a command: broken by the terminal alone, so that it can be clicked and copied. */
export function whole(line: string, screen: Screen, style?: Style): string {
  return paint([{ text: "  " }, { text: line, style }], screen);
}

/** How long, how much, how many. */
function figures({ state, summary, session, failures }: SessionPicture): string {
  const { wallMs, tokens, cost, counts } = summary;
  const endedMs = state.endMs;
  // Steps may go on after their session says that it ended.
  const lastedMs =
    endedMs !== undefined && summary.startMs !== undefined && endedMs >= summary.startMs
      ? Math.max(endedMs - summary.startMs, wallMs ?? 0)
      : wallMs;
  const isOver = endedMs !== undefined && !isLiveState(state.status);
  const parts: string[] = [];
  if (lastedMs !== undefined) parts.push(isOver ? formatDuration(lastedMs) : `${formatDuration(lastedMs)} recorded`);
  if (tokens !== undefined) parts.push(`${formatCount(tokens.total)} tokens`);
  if (cost !== undefined) parts.push(formatCost(cost));
  if (counts.kinds.generation > 0) parts.push(quantity(counts.kinds.generation, "model call"));
  if (counts.kinds.tool > 0) parts.push(quantity(counts.kinds.tool, "tool call"));
  if (parts.length < 2 && session.trace.spans.length > 0) parts.push(quantity(session.trace.spans.length, "step"));
  if (failures.failures.length > 0) parts.push(quantity(failures.failures.length, "failure"));
  if (failures.recovered.length > 0) parts.push(`${formatCount(failures.recovered.length)} recovered`);
  return parts.join(" · ");
}

function facts({ session, summary }: SessionPicture): string {
  const { metadata } = session.trace;
  const startMs = summary.startMs ?? Date.parse(session.trace.startedAt);
  return [
    Number.isNaN(startMs) ? undefined : `started ${localTime(startMs)}`,
    session.sessionId,
    metadata.agent,
    metadata.model,
  ]
    .flatMap((text) => (text === undefined || text === "" ? [] : [visibleLine(oneLine(text))]))
    .join(" · ");
}

/** Where a program's output was captured otherwise than it was asked for, or not at all. */
function captureWords(spans: readonly TraceSpan[]): string[] {
  const root = spans.find(({ parentSpanId, kind }) => parentSpanId === null && kind === "session");
  const capture = asFields(asFields(root?.attributes?.[launchAttribute])?.["capture"]);
  if (capture === undefined) return [];
  const { asked, used, reason } = capture;
  if (used === "none" && asked === "none") return ["its output was not captured"];
  if (asked === used || typeof used !== "string" || typeof asked !== "string") return [];
  const why = typeof reason === "string" ? `: ${reason}` : "";
  return [visibleLine(`captured with ${used} in place of a ${asked}${why}`)];
}

/** Calls that went round. */
function loopLines({ summary }: SessionPicture): string[] {
  return summary.loops.slice(0, mostLoops).map((loop) => visibleLine(loopWords(loop)));
}

/** "2026-11-21 10:00:03", in the time zone of who reads it. */
export function localTime(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** As short as it can be named from here. */
export function relativePath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== "" && short.length < path.length ? short : path;
}

/** What to type to see the session: its id where that is found without more words, else the path of its file. */
export function showCommandFor(key: string): string {
  const { directory, safeId } = parseSessionKey(key);
  const argument = safeId !== undefined && directory === resolve(defaultDirectory) ? safeId : relativePath(key);
  return `tracekeeper show ${quotedWord(argument)}`;
}

/** One word of a command line to type. */
export function quotedWord(argument: string): string {
  const isPlain = /^[\w@%+=:,./~-]+$/.test(argument) && !argument.startsWith("-");
  return isPlain ? argument : `'${visibleLine(argument).replaceAll("'", "'\\''")}'`;
}
