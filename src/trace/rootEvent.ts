// The one thing that files beside a snapshot can add to its spans without a journal: the crash of an incarnation that a newer
// one followed, which its marker tells and the root span shows.

import type { EarlierCrash } from "./combineJournals";
import { JournalFold } from "./foldJournal";
import { ProblemList } from "./problemList";
import type { TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import { readingSpans, type SpanSource } from "./spanSource";

/**
 * The spans with the event of the crash on the root, which is the same row; undefined where it has that event already, or
 * where there is no root.
 */
export function withEarlierCrash(
  spans: SpanSource,
  columns: SpanColumns,
  { incarnation, timeMs, reason }: EarlierCrash,
): SpanSource | undefined {
  const row = rootRow(columns, spans.count);
  const root = spans.spanAt(row);
  if (root === undefined) return undefined;
  const fold = new JournalFold([root], {}, { problems: new ProblemList() });
  fold.addRootEvent("crash", timeMs, reason === undefined ? {} : { reason }, incarnation);
  const [changed] = fold.spans;
  return changed === undefined || changed === root ? undefined : withSpan(spans, row, changed);
}

function rootRow({ kind, parent, flags }: SpanColumns, spans: number): number {
  const session = kindCodes.indexOf("session");
  for (let row = 0; row < spans; row++) {
    if (kind[row] === session && (parent[row] ?? 0) < 0 && ((flags[row] ?? 0) & FLAG.cycleCut) === 0) return row;
  }
  return -1;
}

function withSpan(spans: SpanSource, changedRow: number, span: TraceSpan): SpanSource {
  const own = readingSpans(() => span);
  const { file } = spans;
  return {
    ...spans,
    spanAt: (row) => (row === changedRow ? span : spans.spanAt(row)),
    shortSpanAt: (row) => (row === changedRow ? span : spans.shortSpanAt(row)),
    fieldAt: (row, field) => (row === changedRow ? own.fieldAt(row, field) : spans.fieldAt(row, field)),
    file: file && { ...file, isMended: (row) => row === changedRow || file.isMended(row) },
  };
}
