// What a panel's header, banner and status line say about a picture. Pure: words in, data out.

import type { PanelHeader, PanelProblem } from "../../protocol/panelMessages";
import { hasConversation } from "../../trace/conversation";
import { describeState } from "../../trace/describeState";
import { bestPlace, findPlaces } from "../../trace/places";
import type { Problem } from "../../trace/problem";
import { readElidedMark } from "../../trace/producerMarks";
import { FLAG } from "../../trace/spanColumns";
import { spanError } from "../../trace/spanError";
import { outputHeader } from "./outputHeader";
import type { TracePicture } from "./traceModel";

/** More problems than this are counted, not listed. */
const listedProblems = 200;

export interface HeaderTexts {
  readonly timeZone: string;
  statusLabel(status: string, fallback: string): string;
}

export function panelHeader(picture: TracePicture, nowMs: number, texts: HeaderTexts): PanelHeader {
  const { session, state, failures } = picture;
  const { trace, evidence } = session;
  const words = describeState(state, nowMs);
  const isLive = state.status === "running" || state.status === "waiting";
  const startedMs = firstStart(picture);
  const endedMs = isLive ? undefined : (state.endMs ?? evidence.lastActivityMs);
  return {
    title: trace.metadata.title?.trim() || firstLine(trace.metadata.prompt) || session.sessionId,
    sessionId: session.sessionId,
    status: state.status,
    statusLabel: texts.statusLabel(state.status, words.label),
    statusDetail: words.detail,
    error: state.error,
    startedMs,
    endedMs,
    model: trace.metadata.model,
    agent: trace.metadata.agent,
    prompt: trace.metadata.prompt,
    totalTokens: trace.summary.totalTokens,
    totalCost: trace.summary.totalCost,
    live: isLive,
    savedMs: evidence.lastWriteMs,
    hasConversation: hasConversation(trace),
    failureCount: failures.failures.length,
    recoveredCount: failures.recovered.length,
    failingStep: failingStep(picture),
    problems: panelProblems(picture.problems),
    problemCount: picture.problems.length,
    elidedCount: elidedCount(picture),
    timeZone: texts.timeZone,
    output: outputHeader(picture),
  };
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
  const text = (index: number | undefined) => columns.strings[index ?? 0] ?? "";
  const name = text(columns.name[step.row]);
  const label = text(columns.label[step.row]);
  const outcome = text(columns.outcome[step.row]);
  const span = picture.session.trace.spans[step.row];
  const place = span && bestPlace(findPlaces(span));
  const error = span && spanError(span)?.message;
  const message = firstLine(error) || outcome || (step.rule === "in-progress" ? "" : firstLine(picture.state.error));
  // "error" is the outcome of a step of which nothing special is known: beside a message it is no news.
  const isNews = outcome !== "" && outcome !== "error" && !message.toLowerCase().includes(outcome.toLowerCase());
  return {
    row: step.row,
    rule: step.rule,
    title: label ? `${name} ${label}` : name,
    message: isNews && message !== "" ? `${outcome} — ${message}` : message,
    place: place && (place.line === undefined ? place.path : `${place.path}:${place.line}`),
  };
}

/** Spans that the producer says it left out. */
function elidedCount(picture: TracePicture): number {
  const { flags, count } = picture.columns;
  let elided = 0;
  for (let row = 0; row < count; row++) {
    if (((flags[row] ?? 0) & FLAG.elided) === 0) continue;
    const span = picture.session.trace.spans[row];
    elided += (span && readElidedMark(span)?.elided) ?? 0;
  }
  return elided;
}

function firstStart(picture: TracePicture): number | undefined {
  const { startMs, count } = picture.columns;
  let first = Number.POSITIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    const start = startMs[row] ?? Number.NaN;
    if (start < first) first = start;
  }
  if (Number.isFinite(first)) return first;
  const claimed = Date.parse(picture.session.trace.startedAt);
  return Number.isFinite(claimed) ? claimed : undefined;
}

function firstLine(text: string | undefined): string {
  return text?.split("\n", 1)[0]?.trim() ?? "";
}
