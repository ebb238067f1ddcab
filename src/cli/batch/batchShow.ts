// `tracekeeper batch show`: one batch with its states and the flags that decided, its errors, and its runs.

import { basename, resolve } from "node:path";
import type { BatchRun } from "../../trace/batch/batchFacts";
import type { BatchState } from "../../trace/batch/batchState";
import { groupErrors } from "../../trace/batch/errorGroups";
import { progressWords } from "../../trace/batch/progressWords";
import { type RunState, runStates } from "../../trace/batch/runColumns";
import { formatCount, formatDuration } from "../../trace/formatValue";
import { oneLine } from "../../trace/plainText";
import { quantity } from "../../trace/problemList";
import { defaultDirectory } from "../command";
import { indented, localTime, relativePath, statusMarks, whole } from "../headerLines";
import { isoTime } from "../jsonTime";
import { endWithReader, printError, printLines } from "../print";
import { problemLines, problemText } from "../problemLines";
import { type Piece, paint, paintLine, type Screen, screenOf } from "../screen";
import { padToWidth } from "../textWidth";
import { parseWords, UsageError } from "../usageError";
import { jsonLine, visibleLine } from "../visibleText";
import { batchObject, stateWords } from "./batchWords";
import { type FoundBatch, findBatch, readBatch } from "./findBatch";

const usualRuns = 40;
const usualGroups = 10;
const mostNumbers = 8;
const longestText = 200;

interface ShowOptions {
  readonly onlyFailed: boolean;
  readonly isWhole: boolean;
}

export async function batchShow(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      failed: { type: "boolean" },
      all: { type: "boolean" },
      json: { type: "boolean" },
      "no-color": { type: "boolean" },
    },
  });
  const [argument, extra] = positionals;
  if (!argument) throw new UsageError("batch show needs the id of a batch");
  if (extra !== undefined) throw new UsageError(`batch show takes one batch, and "${extra}" is another one`);
  endWithReader();
  const { directory, id } = await findBatch(argument, resolve(values.dir ?? defaultDirectory));
  const batch = await readBatch(directory, id);
  if (batch === undefined || (batch.state.created === undefined && batch.state.revision === 0)) {
    const [problem] = batch?.problems ?? [];
    printError(problem === undefined ? `There is no batch ${id}` : problemText(problem, basename(batch?.file ?? id)));
    return 1;
  }
  const options = { onlyFailed: values.failed === true, isWhole: values.all === true };
  const screen = screenOf(process.stdout, process.env, values["no-color"] === true);
  await printLines(values.json === true ? jsonLines(batch, options) : textLines(batch, options, screen));
  return 0;
}

function* textLines(batch: FoundBatch, options: ShowOptions, screen: Screen): Iterable<string> {
  const { state, problems, file } = batch;
  yield* header(batch, screen);
  yield "";
  if (!options.onlyFailed) {
    yield* statusLines(state, screen);
    yield "";
  }
  yield* errorLines(state, options, screen);
  yield* runLines(state, options, screen);
  if (problems.length === 0) return;
  yield "";
  yield* problemLines(problems, basename(file), options.isWhole, screen);
}

function* header(batch: FoundBatch, screen: Screen): Iterable<string> {
  const { state, file, id, owner, runner } = batch;
  const { label, mark } = stateWords(batch);
  const name = visibleLine(oneLine(state.name ?? id, longestText));
  yield paintLine([mark, { text: ` ${label}`, style: mark.style }, { text: `  ${name}`, style: "strong" }], [], screen);
  const lasted = state.completedAt === undefined ? [] : [formatDuration(state.completedAt - state.createdAt)];
  yield* indented([[progressWords(state, Date.now()), ...lasted].join(" · ")], screen);
  yield* indented([visibleLine(`started ${localTime(state.createdAt)} · ${id}`)], screen, "faint");
  yield whole(visibleLine(relativePath(file)), screen, "faint");
  if (state.abortReason !== undefined) yield* indented([visibleLine(state.abortReason)], screen, "error");
  if (state.isFinal) return;
  if (runner === "alive" && owner?.pid !== undefined) yield* indented([`run by process ${owner.pid}`], screen, "faint");
  if (runner === "gone") {
    yield* indented([`nobody works on it: tracekeeper batch resume ${id} goes on with it`], screen, "warning");
  }
}

/** The status with the flags that decided it, over time; between them what streams of items were answered. */
function* statusLines(state: BatchState, screen: Screen): Iterable<string> {
  yield paint([{ text: "States", style: "strong" }], screen);
  const changes = state.statusChanges.map(({ at, status, sealed, processingCompletedAt, why }) => {
    const completed = processingCompletedAt === undefined ? [] : [`completed ${timeOfDay(processingCompletedAt)}`];
    return { at, text: [status, ...(sealed ? ["sealed"] : []), ...completed].join(", "), why };
  });
  const answers = state.streams.map(({ at, status, accepted, deduplicated, isRetrySuccess, reason, error }) => {
    const counts = `${quantity(accepted, "item")} taken${deduplicated > 0 ? `, ${formatCount(deduplicated)} were there` : ""}`;
    const what = isRetrySuccess === true ? "a retry, answered as success" : counts;
    return { at, text: `answered ${status}`, why: [what, error ?? reason ?? ""].filter(Boolean).join(": ") };
  });
  const all = [...changes, ...answers].sort((one, other) => one.at - other.at);
  const width = all.reduce((widest, { text }) => Math.max(widest, text.length), 0);
  for (const { at, text, why } of all) {
    const left: Piece[] = [{ text: `  ${timeOfDay(at)}  `, style: "faint" }, { text: padToWidth(text, width) }];
    yield paintLine([...left, { text: `  ${visibleLine(oneLine(why, longestText))}`, style: "faint" }], [], screen);
  }
}

function* errorLines(state: BatchState, { isWhole }: ShowOptions, screen: Screen): Iterable<string> {
  const groups = groupErrors(state);
  if (groups.length === 0) return;
  yield paint([{ text: "Errors", style: "strong" }], screen);
  for (const { message, indexes } of isWhole ? groups : groups.slice(0, usualGroups)) {
    const [line = ""] = message.split(/\r?\n/);
    const named = indexes.slice(0, mostNumbers).map((index) => index + 1);
    const numbers = `${named.join(", ")}${indexes.length > mostNumbers ? ", …" : ""}`;
    const left: Piece[] = [{ text: `  ${formatCount(indexes.length)} × `, style: "strong" }];
    const text = visibleLine(oneLine(line, longestText));
    yield paintLine([...left, { text, style: "error" }], [{ text: `run ${numbers}`, style: "faint" }], screen);
  }
  const left = groups.length - usualGroups;
  if (!isWhole && left > 0) yield* indented([`… ${quantity(left, "more", "more")}; --all lists them`], screen, "faint");
  yield "";
}

function* runLines(state: BatchState, { onlyFailed, isWhole }: ShowOptions, screen: Screen): Iterable<string> {
  const indexes = indexesOf(state, onlyFailed);
  if (indexes.length === 0) {
    yield onlyFailed ? "No run failed" : "No run";
    return;
  }
  yield paint([{ text: onlyFailed ? "Runs that failed" : "Runs", style: "strong" }], screen);
  const shown = isWhole ? indexes : indexes.slice(0, usualRuns);
  const width = String(state.runCount).length;
  for (const index of shown) {
    const run = state.run(index);
    if (run !== undefined) yield runLine(run, width, screen);
  }
  const left = indexes.length - shown.length;
  if (left > 0) yield* indented([`… ${quantity(left, "more run", "more runs")}; --all lists them`], screen, "faint");
}

/** Of many those that ask for a look come first. */
function indexesOf(state: BatchState, onlyFailed: boolean): readonly number[] {
  const all = Array.from({ length: state.runCount }, (_, index) => index);
  const rank = (index: number) => ranks[state.stateOf(index)];
  const chosen = onlyFailed ? all.filter((index) => rank(index) === 0) : all;
  return chosen.length <= usualRuns ? chosen : chosen.sort((one, other) => rank(one) - rank(other) || one - other);
}

const ranks: Readonly<Record<RunState, number>> = {
  failed: 0,
  prefailed: 0,
  uncreated: 0,
  running: 1,
  "backing-off": 1,
  cancelled: 2,
  succeeded: 3,
  queued: 4,
  waiting: 4,
  absent: 4,
};

const words: Readonly<Record<RunState, string>> = {
  absent: "not come",
  waiting: "waiting",
  queued: "queued",
  running: "running",
  "backing-off": "waits to retry",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  prefailed: "not created",
  uncreated: "not created",
};
const wordWidth = Math.max(...runStates.map((state) => words[state].length));

function runLine(run: BatchRun, width: number, screen: Screen): string {
  const { index, state, task, attempts, error, cachedFrom } = run;
  const mark = markOf(state);
  const session = attempts.at(-1)?.session;
  const left: Piece[] = [
    { text: "  " },
    mark,
    { text: ` ${String(index + 1).padStart(width)}  ${padToWidth(words[state], wordWidth)}  `, style: mark.style },
    { text: visibleLine(oneLine(task, longestText)) },
  ];
  const [line = ""] = (error ?? "").split(/\r?\n/);
  if (line !== "") left.push({ text: `  ${visibleLine(oneLine(line, longestText))}`, style: "error" });
  if (cachedFrom !== undefined) left.push({ text: `  taken from ${cachedFrom}`, style: "faint" });
  const count = attempts.length > 1 ? `${attempts.length} attempts  ` : "";
  const right: Piece[] = [{ text: `${count}${lastedWords(run)}${session ?? ""}`, style: "faint" }];
  return paintLine(left, right, screen).trimEnd();
}

function lastedWords({ attempts }: BatchRun): string {
  const lasted = attempts.reduce((sum, { startMs, endMs }) => sum + (endMs === undefined ? 0 : endMs - startMs), 0);
  return lasted > 0 ? `${formatDuration(lasted)}  ` : "";
}

function markOf(state: RunState): Piece {
  switch (ranks[state]) {
    case 0:
      return statusMarks.failed;
    case 1:
      return statusMarks.running;
    case 2:
      return { text: "⊘", style: "faint" };
    case 3:
      return statusMarks.completed;
    default:
      return { text: "·", style: "faint" };
  }
}

function* jsonLines(batch: FoundBatch, { onlyFailed }: ShowOptions): Iterable<string> {
  const { state, problems } = batch;
  const changes = state.statusChanges.map(({ at, processingCompletedAt, ...change }) => {
    return { at: isoTime(at), ...change, processingCompletedAt: isoTime(processingCompletedAt) };
  });
  const streams = state.streams.map(({ at, ...answer }) => ({ at: isoTime(at), ...answer }));
  yield jsonLine({ ...batchObject(batch, Date.now()), changes, streams, problems: problems.length });
  const all = Array.from({ length: state.runCount }, (_, index) => index);
  for (const index of onlyFailed ? indexesOf(state, true) : all) {
    const run = state.run(index);
    if (run !== undefined) yield jsonLine(runObject(run));
  }
  for (const problem of problems) yield jsonLine({ type: "problem", ...problem });
}

function runObject(run: BatchRun): object {
  const { index, state, runId, task, createdAt, endedAt, attempts, fault, error, cachedFrom, idempotencyKey } = run;
  return {
    type: "run",
    index,
    runId,
    state,
    task,
    error,
    errorCode: fault?.code,
    cachedFrom,
    idempotencyKey,
    createdAt: isoTime(createdAt),
    endedAt: isoTime(endedAt),
    attempts: attempts.map((each) => ({
      attempt: each.attempt,
      session: each.session,
      outcome: each.outcome,
      error: each.error,
      exitCode: each.exitCode,
      startedAt: isoTime(each.startMs),
      endedAt: isoTime(each.endMs),
      retryAt: isoTime(each.retryAtMs),
    })),
  };
}

/** "10:31:13", in the time zone of who reads it. */
function timeOfDay(timeMs: number): string {
  return localTime(timeMs).slice(11);
}
