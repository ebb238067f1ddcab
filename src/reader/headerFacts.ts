// What a panel's header, banner and status line say about a picture, but for words that depend on the time or on the
// language: those are put in by the host.

import type { PanelHeader, PanelProblem } from "../protocol/panelMessages";
import { readBatchRun } from "../trace/batch/batchRun";
import { bestPlace, findPlaces } from "../trace/places";
import type { Problem } from "../trace/problem";
import { FLAG } from "../trace/spanColumns";
import { spanError } from "../trace/spanError";
import { outputHeader } from "./outputHeader";
import type { TracePicture } from "./picture";
import { rowTexts } from "./rowTexts";

/** More problems than this are counted, not listed. */
const listedProblems = 200;
/** A header travels with every change, so that texts which only stand in it are cut. */
const mostPromptLength = 20_000;
/** Of an action there are its attempt and its step. */
const mostLevelsToStep = 4;

export type HeaderFacts = Omit<PanelHeader, "statusLabel" | "statusDetail" | "timeZone" | "control">;

export function headerFacts(picture: TracePicture): HeaderFacts {
  const { session, state, failures } = picture;
  const { header, evidence } = session;
  const { metadata, summary } = header;
  const isLive = state.status === "running" || state.status === "waiting";
  return {
    title: metadata.title?.trim() || firstLine(metadata.prompt) || session.sessionId,
    sessionId: session.sessionId,
    status: state.status,
    error: state.error,
    startedMs: firstStart(picture),
    endedMs: isLive ? undefined : lastEnd(state.endMs, evidence.lastActivityMs),
    model: metadata.model,
    agent: metadata.agent,
    prompt: cutText(metadata.prompt),
    totalTokens: summary.totalTokens,
    totalCost: summary.totalCost,
    live: isLive,
    savedMs: evidence.lastWriteMs,
    hasConversation: picture.totals.hasConversation,
    failureCount: failures.failures.length,
    recoveredCount: failures.recovered.length,
    failingStep: failingStep(picture),
    problems: panelProblems(picture.problems),
    problemCount: picture.problems.length,
    elidedCount: picture.totals.elidedCount,
    output: outputHeader(picture),
    batch: batchOf(picture),
  };
}

/** The batch that the session is a run of, as its root tells it. */
function batchOf({ columns, spans }: TracePicture): PanelHeader["batch"] {
  if (columns.count === 0 || (columns.parent[0] ?? -1) >= 0) return undefined;
  const run = readBatchRun(spans.spanAt(0)?.attributes);
  return run && { id: run.id, name: run.name, number: run.index + 1, runCount: run.runCount, attempt: run.attempt };
}

export function panelProblems(problems: readonly Problem[]): PanelProblem[] {
  return problems.slice(0, listedProblems).map((problem) => ({
    code: problem.code,
    severity: problem.severity,
    message: problem.message,
    offsetBytes: problem.offsetBytes,
    file: problem.file,
    row: problem.spanIndex,
    count: problem.count,
  }));
}

/** The failing step in words; undefined when the session has none. */
function failingStep(picture: TracePicture): PanelHeader["failingStep"] {
  const step = picture.failures.failingStep;
  if (!step) return undefined;
  const { columns } = picture;
  const name = columns.strings[columns.name[step.row] ?? 0] ?? "";
  const { label, outcome } = rowTexts(picture, step.row);
  const span = picture.spans.spanAt(step.row);
  const place = span && bestPlace(findPlaces(span));
  const error = span && spanError(span)?.message;
  const message = firstLine(error) || outcome || (step.rule === "in-progress" ? "" : firstLine(picture.state.error));
  // "error" is the outcome of a step of which nothing special is known: beside a message it is no news.
  const isNews = outcome !== "" && outcome !== "error" && !saysSo(message, outcome);
  return {
    row: step.row,
    rule: step.rule,
    title: label ? `${name} ${label}` : name,
    step: stepAround(picture, step.row),
    message: isNews && message !== "" ? `${outcome} — ${message}` : message,
    place: place && (place.line === undefined ? place.path : `${place.path}:${place.line}`),
  };
}

/** "exit code 1" says "exit 1", and "exit code 12" does not. */
function saysSo(message: string, outcome: string): boolean {
  const said = message.toLowerCase().replace(/\bexit (?:code|status) /g, "exit ");
  const at = said.indexOf(outcome.toLowerCase());
  return at >= 0 && !/\w/.test(said.charAt(at + outcome.length));
}

/** The step of a playbook that did what the row tells of. */
function stepAround({ columns }: TracePicture, row: number): string | undefined {
  let at = columns.parent[row] ?? -1;
  for (let level = 0; level < mostLevelsToStep && at >= 0; level++, at = columns.parent[at] ?? -1) {
    if (((columns.flags[at] ?? 0) & FLAG.step) !== 0) return columns.strings[columns.name[at] ?? 0];
  }
  return undefined;
}

/** Undefined where neither a span nor the trace tells. */
function firstStart({ totals, session }: TracePicture): number | undefined {
  if (Number.isFinite(totals.firstStartMs)) return totals.firstStartMs;
  const claimed = Date.parse(session.header.startedAt);
  return Number.isFinite(claimed) ? claimed : undefined;
}

/** Steps may go on after their session says that it ended; it lasted as long as they did. */
function lastEnd(endMs: number | undefined, lastActivityMs: number | undefined): number | undefined {
  if (endMs === undefined || lastActivityMs === undefined) return endMs ?? lastActivityMs;
  return Math.max(endMs, lastActivityMs);
}

function firstLine(text: string | undefined): string {
  return text?.split("\n", 1)[0]?.trim() ?? "";
}

function cutText(text: string | undefined): string | undefined {
  return text === undefined || text.length <= mostPromptLength ? text : `${text.slice(0, mostPromptLength)}…`;
}
