// A span that is not plainly sound, read as a value and mended like any that is read whole, so that it shows as it always
// did. Its long payloads are not in that value, and no column needs them.

import { isOutputSpan } from "./outputBurst";
import { groupDigits, type ProblemList } from "./problemList";
import { cutMark, readElidedMark } from "./producerMarks";
import { isNothing, repairSpan } from "./repairSpan";
import type { SpanRow } from "./scanRows";
import type { ScanTexts } from "./scanTexts";
import type { TraceSpan } from "./schema";
import { FLAG, kindCodes } from "./spanColumns";

/** Where the texts of spans go, and what is wrong with them. */
export interface SpanTexts {
  readonly ids: ScanTexts;
  readonly names: ScanTexts;
  readonly problems: ProblemList;
}

const spanKind = kindCodes.indexOf("span");

/**
 * Fills the row; undefined for a span with nothing in it, which is left out. A span without an id has the id -1, because
 * which ids are free is not known yet.
 */
export function readOddSpan(text: string, row: SpanRow, index: number, texts: SpanTexts): TraceSpan | undefined {
  const { ids, names, problems } = texts;
  const value = JSON.parse(text) as unknown;
  if (isNothing(value)) {
    problems.add(
      { code: "invalid-span", severity: "warning", message: "An empty entry in the list of spans was left out" },
      "empty entry",
    );
    return undefined;
  }
  let hasId = true;
  const makeSpanId = () => {
    hasId = false;
    return "";
  };
  const span = repairSpan(value, index, { problems, makeSpanId });
  row.id = hasId ? ids.addText(span.spanId) : -1;
  row.parentId = span.parentSpanId === null ? -1 : ids.addText(span.parentSpanId);
  row.name = names.addText(span.name);
  const kind = kindCodes.indexOf(span.kind);
  row.kind = kind < 0 ? spanKind : kind;
  row.status = span.status === "error" ? 1 : 0;
  row.startMs = span.startTime;
  row.endMs = span.endTime ?? Number.NaN;
  row.flags = span.endTime === undefined ? FLAG.open : 0;
  if (Number.isNaN(span.startTime)) row.flags |= FLAG.noStart;
  if (span.interrupted === true) row.flags |= FLAG.interrupted;
  if (cutMark(span, "output") !== undefined) row.flags |= FLAG.cutOutput;
  if (isOutputSpan(span)) row.flags |= FLAG.output;
  if (readElidedMark(span) !== undefined) row.flags |= FLAG.elided;
  reportElided(span, index, problems);
  return span;
}

function reportElided(span: TraceSpan, index: number, problems: ProblemList): void {
  const mark = readElidedMark(span);
  if (mark === undefined) return;
  problems.add({
    code: "elided-spans",
    severity: "warning",
    message: `${groupDigits(mark.totalSpans - mark.elided)} of ${groupDigits(mark.totalSpans)} spans: ${groupDigits(mark.elided)} were left out by the producer`,
    spanIndex: index,
  });
}
