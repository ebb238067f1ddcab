// One failed step told in full: what it is, where it stands in the run, where in the source, and the error in its own
// words with what the step printed.

import type { FailingStepRule } from "../trace/failures";
import { formatCount, formatOffset } from "../trace/formatValue";
import type { Place } from "../trace/place";
import { bestPlace, findPlaces } from "../trace/places";
import { oneLine } from "../trace/plainText";
import { cutMark } from "../trace/producerMarks";
import type { TraceSpan } from "../trace/schema";
import { spanError } from "../trace/spanError";
import { describeOutcome } from "../trace/spanOutcome";
import { payloadValue } from "../trace/wholePayload";
import { firstLines, indented, whole } from "./headerLines";
import { type Piece, paintLine, type Screen, type Style } from "./screen";
import { type SessionPicture, spanAt } from "./sessionPicture";
import { placeText, stepDuration, stepLabel, stepMark, stepName, stepOutcome, stepStatus } from "./stepWords";
import { visibleLines } from "./visibleText";

const mostErrorLines = 14;
/** Of what a failed step printed, where not all of it is asked for. */
export const mostOutputLines = 12;
/** Before the line that names the place. */
const linesBefore = 2;
const mostPlaces = 3;
/** Ancestors that are named, the innermost ones. */
const mostAncestors = 4;

const headings: Readonly<Record<FailingStepRule, string>> = {
  "failed-path": "Failing step",
  "in-progress": "In progress when it stopped",
  "last-unrecovered": "Last failure that was not made good",
  "first-failure": "First failure; all were made good",
};

export interface FailureOptions {
  /** The whole error and output. */
  readonly isFull: boolean;
}

/** The failing step under its heading; nothing where the session has none. */
export function* failingStepLines(picture: SessionPicture, options: FailureOptions, screen: Screen): Iterable<string> {
  const { failingStep } = picture.failures;
  if (failingStep === undefined) return;
  const heading: Piece = { text: `${headings[failingStep.rule]}  `, style: "errorStrong" };
  yield* failureLines(picture, failingStep.row, options, screen, heading);
}

export function* failureLines(
  picture: SessionPicture,
  row: number,
  { isFull }: FailureOptions,
  screen: Screen,
  heading?: Piece,
): Iterable<string> {
  const status = stepStatus(picture, row);
  const style: Style | undefined = status === "recovered" ? "faint" : undefined;
  const span = spanAt(picture, row);
  const label = stepLabel(picture, row);
  const name: Piece = { text: stepName(picture, row), style: style ?? "strong" };
  const left: Piece[] = [stepMark(status), { text: " " }, ...(heading ? [heading] : []), name];
  if (label !== "") left.push({ text: "  " }, { text: label, style });
  // That a step is in progress is what its heading says.
  const outcome = status === "open" && heading !== undefined ? "" : stepOutcome(picture, row);
  const when = [outcome, offsetOf(picture, row), stepDuration(picture, row)].filter(Boolean).join("  ");
  yield paintLine(left, [{ text: when, style: status === "failed" ? "error" : "faint" }], screen);
  const above = ancestorWords(picture, row);
  if (above !== "") yield* indented([`in ${above}`], screen, "faint");
  if (span === undefined) return;
  const places = findPlaces(span);
  for (const place of places.slice(0, mostPlaces)) yield whole(`at ${placeText(place)}`, screen, style ?? "live");
  yield* indented(errorLines(span, isFull), screen, style ?? (status === "open" ? undefined : "error"));
  yield* indented(printedLines(span, places, isFull), screen, style);
}

/** "+0:04.531": since the session's start. */
function offsetOf({ columns, summary }: SessionPicture, row: number): string {
  const offsetMs = (columns.startMs[row] ?? Number.NaN) - (summary.startMs ?? Number.NaN);
  return Number.isNaN(offsetMs) ? "" : formatOffset(offsetMs);
}

function ancestorWords(picture: SessionPicture, row: number): string {
  const { parent } = picture.columns;
  const names: string[] = [];
  let above = parent[row] ?? -1;
  // The top is the session itself, which the header names.
  for (; above >= 0 && (parent[above] ?? -1) >= 0 && names.length < mostAncestors; above = parent[above] ?? -1) {
    names.unshift(stepName(picture, above));
  }
  if (above >= 0 && (parent[above] ?? -1) >= 0) names.unshift("…");
  return names.join(" › ");
}

function errorLines(span: TraceSpan, isFull: boolean): string[] {
  const error = spanError(span);
  // What came of it stands in its first line.
  if (error === undefined || (error.stack === undefined && error.message === describeOutcome(span))) return [];
  const text = error.stack === undefined ? error.message : `${error.message}\n${error.stack}`;
  return firstLines(text, isFull ? Number.POSITIVE_INFINITY : mostErrorLines);
}

/** What the step printed around the place to which its failure leads, else last; unless the error is made of it. */
function printedLines(span: TraceSpan, places: readonly Place[], isFull: boolean): string[] {
  const output = span.kind === "tool" ? payloadValue(span, "output") : undefined;
  if (typeof output !== "string" || span.status !== "error") return [];
  const error = spanError(span)?.message ?? "";
  const lines = visibleLines(output);
  if (lines.length === 0 || error.includes(output.trim())) return [];
  if (isFull || lines.length <= mostOutputLines) return ["output:", ...lines.map(quoted)];
  const context = bestPlace(places)?.context;
  const named = context === undefined ? -1 : lines.findLastIndex((line) => oneLine(line) === context);
  const last = lines.length - mostOutputLines;
  const from = named < 0 ? last : Math.min(last, Math.max(0, named - linesBefore));
  // Of a text that was cut the beginning is missing, and nobody knows how many lines it had.
  const all = `${cutMark(span, "output") === undefined ? "" : "the last "}${formatCount(lines.length)}`;
  const range = `lines ${formatCount(from + 1)} to ${formatCount(from + mostOutputLines)} of ${all}`;
  return [`output, ${range}; --full prints all:`, ...lines.slice(from, from + mostOutputLines).map(quoted)];
}

function quoted(line: string): string {
  return `│ ${line}`;
}
