// `tracekeeper ls`: the sessions of a directory, one line each.

import { resolve } from "node:path";
import type { SessionEntry } from "../store/sessionEntry";
import { describeState } from "../trace/describeState";
import { formatAge, formatCount, formatDuration } from "../trace/formatValue";
import { oneLine } from "../trace/plainText";
import { quantity } from "../trace/problemList";
import { type Command, defaultDirectory } from "./command";
import { statusMarks } from "./headerLines";
import { byNewest, isFailed, isLive, listSessions, timeOf, titleOf } from "./listSessions";
import { endWithReader, printLines } from "./print";
import { type Piece, paint, paintLine, type Screen, type Style, screenOf } from "./screen";
import { isoTime } from "./showJson";
import { padToWidth, textWidth } from "./textWidth";
import { parseWords, UsageError, wholeNumber } from "./usageError";
import { jsonLine, visibleLine } from "./visibleText";

const defaultLimit = 20;
const titleLength = 200;
/** Columns that a title needs to say anything. */
const leastTitleWidth = 12;

export const listCommand: Command = {
  name: "ls",
  summary: "lists sessions, the newest first",
  usage: `Usage: tracekeeper ls [options]

Lists the sessions of a directory: those that run first, then the newest.

  --dir <directory>  where the traces are; ${defaultDirectory} where it is left out
  --failed           those that failed or crashed alone
  --running          those that run or wait alone
  --limit <n>        at most so many; ${defaultLimit} where it is left out
  --all              all of them
  --json             one JSON object a line, of all of them unless --limit says otherwise
  --no-color         no colours
`,
  run: list,
};

async function list(words: readonly string[]): Promise<number> {
  const { values } = parseWords({
    args: [...words],
    options: {
      dir: { type: "string" },
      all: { type: "boolean" },
      failed: { type: "boolean" },
      running: { type: "boolean" },
      limit: { type: "string" },
      json: { type: "boolean" },
      "no-color": { type: "boolean" },
    },
  });
  if (values.failed && values.running) throw new UsageError("--failed and --running leave nothing; name one of them");
  if (values.all && values.limit !== undefined) throw new UsageError("--all and --limit contradict each other");
  const given = values.limit === undefined ? undefined : wholeNumber("--limit", values.limit, 1);
  const limit = given ?? (values.all || values.json ? Number.POSITIVE_INFINITY : defaultLimit);
  const directory = resolve(values.dir ?? defaultDirectory);
  endWithReader();
  const nowMs = Date.now();
  const entries = (await listSessions(directory, nowMs))
    .filter((entry) => (!values.failed || isFailed(entry)) && (!values.running || isLive(entry)))
    .sort(byNewest);
  const shown = entries.slice(0, limit);
  if (values.json) {
    await printLines(shown.map((entry) => jsonLine(entryObject(entry, nowMs))));
    return 0;
  }
  const screen = screenOf(process.stdout, process.env, values["no-color"] === true);
  await printLines(tableLines(shown, nowMs, screen));
  const what = values.failed ? "failed session" : values.running ? "running session" : "session";
  if (entries.length === 0) await printLines([`No ${what} in ${visibleLine(directory)}`]);
  else if (shown.length < entries.length) {
    const rest = `${formatCount(shown.length)} of ${quantity(entries.length, what)}; --all lists the rest`;
    await printLines([paint([{ text: rest, style: "faint" }], screen)]);
  }
  return 0;
}

/** State, id, title, and at the right edge failures, duration and age. */
function* tableLines(entries: readonly SessionEntry[], nowMs: number, screen: Screen): Iterable<string> {
  const idWidth = widest(entries, ({ safeId }) => visibleLine(safeId));
  const stateWidth = widest(entries, (entry) => describeState(entry.state, nowMs).label);
  const durationWidth = widest(entries, durationText);
  const ageWidth = widest(entries, (entry) => ageText(entry, nowMs));
  for (const entry of entries) {
    const mark = statusMarks[entry.state.status];
    const state = describeState(entry.state, nowMs).label;
    const left: Piece[] = [
      mark,
      { text: ` ${padToWidth(state, stateWidth)}  `, style: mark.style },
      { text: padToWidth(visibleLine(entry.safeId), idWidth), style: "strong" },
    ];
    const right: Piece[] = [
      ...failurePieces(entry),
      {
        text: `${durationText(entry).padStart(durationWidth)}  ${ageText(entry, nowMs).padStart(ageWidth)}`,
        style: "faint",
      },
    ];
    const leftWidth = 3 + stateWidth + 1 + idWidth;
    const rightWidth = durationWidth + 2 + ageWidth + 14;
    // The id is what a person copies: it is cut last.
    const isNarrow = screen.width !== undefined && screen.width < leftWidth + rightWidth + leastTitleWidth;
    if (!isNarrow) left.push({ text: "  " }, { text: titleText(entry) }, ...problemPieces(entry));
    yield paintLine(left, isNarrow ? [] : right, screen);
  }
}

function titleText(entry: SessionEntry): string {
  const title = titleOf(entry);
  return title === entry.safeId ? "" : visibleLine(oneLine(title, titleLength));
}

function failurePieces({ failures, state }: SessionEntry): Piece[] {
  if (!failures || state.status === "completed") return [];
  return [{ text: `${quantity(failures, "failure")}  `, style: "error" }];
}

function problemPieces(entry: SessionEntry): Piece[] {
  const { problem } = entry;
  const style: Style = "warning";
  if (problem?.severity !== "error") return [];
  return [{ text: `${titleText(entry) === "" ? "" : "  "}${visibleLine(problem.message)}`, style }];
}

function durationText({ durationMs }: SessionEntry): string {
  return durationMs === undefined ? "" : formatDuration(durationMs);
}

function ageText(entry: SessionEntry, nowMs: number): string {
  // A link to nothing has no time of its own.
  const atMs = timeOf(entry);
  return atMs === 0 ? "" : formatAge(Math.max(0, nowMs - atMs));
}

function widest(entries: readonly SessionEntry[], textOf: (entry: SessionEntry) => string): number {
  return entries.reduce((width, entry) => Math.max(width, textWidth(textOf(entry))), 0);
}

function entryObject(entry: SessionEntry, nowMs: number): object {
  return {
    type: "session",
    id: entry.safeId,
    sessionId: entry.sessionId,
    file: entry.key,
    state: entry.state.status,
    detail: describeState(entry.state, nowMs).detail || undefined,
    error: entry.state.error,
    title: entry.title,
    prompt: entry.prompt,
    agent: entry.agent,
    model: entry.model,
    startedAt: isoTime(entry.startedMs),
    endedAt: isoTime(entry.endedMs),
    durationMs: entry.durationMs,
    modifiedAt: isoTime(entry.modifiedMs),
    sizeBytes: entry.sizeBytes,
    totalTokens: entry.totalTokens,
    cost: entry.totalCost,
    failedSteps: entry.failures,
    openSteps: entry.openSpans,
    tags: entry.tags,
    problem: entry.problem,
  };
}
