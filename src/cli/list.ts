// `tracekeeper ls`: the sessions of a directory, one line each.

import { resolve } from "node:path";
import { badlyEndedStep } from "../store/launchedPlaybook";
import type { SessionEntry } from "../store/sessionEntry";
import { describeState } from "../trace/describeState";
import { formatAge, formatCount, formatDuration } from "../trace/formatValue";
import { oneLine } from "../trace/plainText";
import { quantity } from "../trace/problemList";
import { type Command, defaultDirectory } from "./command";
import { statusMarks } from "./headerLines";
import { isoTime, roundMs } from "./jsonTime";
import { byNewest, isFailed, isLive, listSessions, timeOf, titleOf } from "./listSessions";
import { endWithReader, printLines } from "./print";
import { type Piece, paint, paintLine, type Screen, type Style, screenOf } from "./screen";
import { padToWidth, textWidth } from "./textWidth";
import { parseWords, UsageError, wholeNumber } from "./usageError";
import { jsonLine, visibleLine } from "./visibleText";

const defaultLimit = 20;
const titleLength = 200;
/** Columns that a title needs to say anything. */
const leastTitleWidth = 16;

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

/** What a line has room for beside mark, id and title, from the widest screen to the narrowest. */
const layouts = [
  { hasState: true, hasFailures: true, hasDuration: true, hasAge: true },
  { hasState: true, hasFailures: false, hasDuration: true, hasAge: true },
  { hasState: true, hasFailures: false, hasDuration: false, hasAge: true },
  { hasState: false, hasFailures: false, hasDuration: false, hasAge: true },
  { hasState: false, hasFailures: false, hasDuration: false, hasAge: false },
] as const;
type Layout = (typeof layouts)[number];

interface Columns {
  readonly state: readonly string[];
  readonly id: readonly string[];
  readonly failures: readonly string[];
  readonly duration: readonly string[];
  readonly age: readonly string[];
}

/** Mark, state, id, title, and at the right edge failures, duration and age. */
function* tableLines(entries: readonly SessionEntry[], nowMs: number, screen: Screen): Iterable<string> {
  const columns: Columns = {
    state: entries.map(({ state }) => describeState(state, nowMs).label),
    id: entries.map(({ safeId }) => visibleLine(safeId)),
    failures: entries.map(failuresText),
    duration: entries.map(({ durationMs }) => (durationMs === undefined ? "" : formatDuration(durationMs))),
    age: entries.map((entry) => ageText(entry, nowMs)),
  };
  const { hasState, hasFailures, hasDuration, hasAge } = layoutFor(columns, screen);
  const widths = {
    state: widest(columns.state),
    id: widest(columns.id),
    duration: widest(columns.duration),
    age: widest(columns.age),
  };
  for (const [index, entry] of entries.entries()) {
    const at = (column: keyof Columns) => columns[column][index] ?? "";
    const mark = statusMarks[entry.state.status];
    const left: Piece[] = [mark, { text: " " }];
    if (hasState) left.push({ text: `${padToWidth(at("state"), widths.state)}  `, style: mark.style });
    left.push({ text: at("id"), style: "strong" }, { text: " ".repeat(widths.id - textWidth(at("id")) + 2) });
    left.push({ text: titleText(entry) }, ...problemPieces(entry));
    const right: Piece[] = [];
    if (hasFailures && at("failures") !== "") right.push({ text: `${at("failures")}  `, style: "error" });
    if (hasDuration) right.push({ text: `${at("duration").padStart(widths.duration)}  `, style: "faint" });
    if (hasAge) right.push({ text: at("age").padStart(widths.age), style: "faint" });
    yield paintLine(left, right, screen).trimEnd();
  }
}

/** The first that leaves a title room to say something; the id is what a person copies, and is cut last. */
function layoutFor(columns: Columns, { width }: Screen): Layout {
  const room = (layout: Layout) =>
    (width ?? Number.POSITIVE_INFINITY) -
    (2 + (layout.hasState ? widest(columns.state) + 2 : 0) + widest(columns.id) + 2) -
    (layout.hasFailures ? widest(columns.failures) + 2 : 0) -
    (layout.hasDuration ? widest(columns.duration) + 2 : 0) -
    (layout.hasAge ? widest(columns.age) + 2 : 0);
  return layouts.find((layout) => room(layout) >= leastTitleWidth) ?? layouts[layouts.length - 1] ?? layouts[0];
}

function titleText(entry: SessionEntry): string {
  const title = titleOf(entry);
  return title === entry.safeId ? "" : visibleLine(oneLine(title, titleLength));
}

/** A run of a playbook stops at a step, which says more than how many failures there are. */
function failuresText(entry: SessionEntry): string {
  const { failures, state } = entry;
  const step = stepNumber(entry);
  if (step !== undefined) return `at step ${step}`;
  return !failures || state.status === "completed" ? "" : quantity(failures, "failure");
}

function problemPieces(entry: SessionEntry): Piece[] {
  const { problem } = entry;
  const style: Style = "warning";
  if (problem?.severity !== "error") return [];
  return [{ text: `${titleText(entry) === "" ? "" : "  "}${visibleLine(problem.message)}`, style }];
}

function ageText(entry: SessionEntry, nowMs: number): string {
  // A link to nothing has no time of its own.
  const atMs = timeOf(entry);
  return atMs === 0 ? "" : formatAge(Math.max(0, nowMs - atMs));
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, textWidth(text)), 0);
}

/** From 1 on. */
function stepNumber({ playbook, state }: SessionEntry): number | undefined {
  const step = badlyEndedStep(playbook, state);
  return step === undefined ? undefined : step + 1;
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
    durationMs: roundMs(entry.durationMs),
    modifiedAt: isoTime(entry.modifiedMs),
    sizeBytes: entry.sizeBytes,
    // Nothing is what a producer writes to whom nobody told any.
    totalTokens: entry.totalTokens || undefined,
    cost: entry.totalCost || undefined,
    endedAtStep: stepNumber(entry),
    failedSteps: entry.failures,
    openSteps: entry.openSpans,
    tags: entry.tags,
    problem: entry.problem,
  };
}
