// What readers say of spans that were left out and of texts that were cut by those who recorded them.

import type { ProblemList } from "./problemList";
import { groupDigits } from "./problemList";
import { cutAttribute, cutMark, readElidedMark } from "./producerMarks";
import type { TraceSpan } from "./schema";

export function reportElided(span: TraceSpan, row: number, problems: ProblemList): void {
  const mark = readElidedMark(span);
  if (mark === undefined) return;
  problems.add({
    code: "elided-spans",
    severity: "warning",
    message: `${groupDigits(mark.totalSpans - mark.elided)} of ${groupDigits(mark.totalSpans)} spans: ${groupDigits(mark.elided)} were left out by the producer`,
    spanIndex: row,
  });
}

/** Texts that our own recorder has cut, and says so. */
export function reportCutMarks(span: TraceSpan, row: number, problems: ProblemList): void {
  if (span.attributes?.[cutAttribute] === undefined) return;
  for (const field of ["output", "input", "statusMessage"] as const) {
    const fullLength = cutMark(span, field);
    if (fullLength === undefined) continue;
    problems.add({
      code: "cut-output",
      severity: "info",
      message: `The ${field === "statusMessage" ? "message" : field} of a step was cut; it had ${groupDigits(fullLength)} characters`,
      spanIndex: row,
    });
  }
}

export function reportCutOutput(row: number, problems: ProblemList): void {
  problems.add(
    {
      code: "cut-output",
      severity: "info",
      message: "An output was cut by its producer at 10,000 characters",
      spanIndex: row,
    },
    "cut output",
  );
}

export function reportCutMessage(row: number, problems: ProblemList): void {
  problems.add(
    {
      code: "cut-output",
      severity: "info",
      message: "A user's message was cut by its producer at 4,000 characters",
      spanIndex: row,
    },
    "cut message",
  );
}
