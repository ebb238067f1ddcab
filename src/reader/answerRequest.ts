// Answers to a panel's questions about one trace. What takes long pauses, so that others are answered meanwhile.

import type { PanelRequest, PayloadResult, TextsResult } from "../protocol/panelMessages";
import { conversation } from "../trace/conversation";
import { FLAG } from "../trace/spanColumns";
import { spanDetails } from "../trace/spanDetails";
import { summarizeTrace, type TraceSummaryView } from "../trace/summarizeTrace";
import { firstLineOf, outputLineViews } from "./outputAnswers";
import { payloadText, readableSpan } from "./payloadText";
import type { TracePicture } from "./picture";
import { rowTexts } from "./rowTexts";
import { matchPlaces, outputMatches, searchAnswer } from "./searchAnswers";
import { syntheticDetails } from "./syntheticDetails";
import { TimelineAnswers } from "./timelineAnswers";
import { wholeTrace } from "./wholeTrace";

/** The question is about rows of an epoch that has passed. */
export class StaleEpochError extends Error {
  override readonly name = "StaleEpochError";
}

/** What a person has moved on from as soon as the panel asks the next of them. */
export const supersededMethods: ReadonlySet<PanelRequest["method"]> = new Set(["search", "outputSearch"]);

/**
 * @param now the trace of now: what takes long follows it
 * @param report takes parts of the answer, ahead of it
 */
export async function answerRequest(
  request: PanelRequest,
  now: () => TracePicture | undefined,
  signal: AbortSignal,
  report: (part: unknown) => void = () => {},
): Promise<unknown> {
  const current = (): TracePicture => {
    const picture = now();
    if (picture?.epoch !== request.params.epoch) throw new StaleEpochError("The trace was replaced meanwhile");
    return picture;
  };
  const picture = current();
  switch (request.method) {
    case "details":
      return detailsOf(picture, request.params.row);
    case "texts": {
      const texts = request.params.rows.map((row) => rowTexts(picture, row));
      return {
        labels: texts.map(({ label }) => label),
        outcomes: texts.map(({ outcome }) => outcome),
      } satisfies TextsResult;
    }
    case "payload": {
      const { row, field, from, length } = request.params;
      const text = payloadText(spanAt(picture, row), field).text;
      return { text: text.slice(from, from + length), from, totalLength: text.length } satisfies PayloadResult;
    }
    case "search":
      return searchAnswer(request.params, current, signal, report);
    case "matchPlaces":
      return matchPlaces(request.params, signal);
    case "outputLines":
      return { lines: outputLineViews(picture, request.params.from, request.params.count) };
    case "outputLineOf":
      return { line: firstLineOf(picture, request.params.row) };
    case "outputSearch":
      return outputMatches(picture, request.params.query, signal);
    case "summary":
      return summaryOf(picture);
    case "conversation":
      return conversation(wholeTrace(picture), picture.columns);
    case "timeline":
    case "timelineRows":
    case "timelinePath":
    case "timelineProfile":
    case "rangeTotals":
      return timelines.answer(request, picture);
  }
}

const timelines = new TimelineAnswers(() => performance.now(), Math.floor(Math.random() * 2 ** 40));

function summaryOf(picture: TracePicture): TraceSummaryView {
  const { columns } = picture;
  const summary = summarizeTrace(wholeTrace(picture), columns);
  // Output lasts as long as the command that writes it, which is what takes the time.
  const rowOf = (row: number) =>
    ((columns.flags[row] ?? 0) & FLAG.output) === 0 ? row : Math.max(0, columns.parent[row] ?? 0);
  const slowest = summary.slowest.map((step) => ({ ...step, row: rowOf(step.row) }));
  return { ...summary, slowest: slowest.filter(({ row }, at) => slowest.findIndex((step) => step.row === row) === at) };
}

function detailsOf(picture: TracePicture, row: number): unknown {
  const span = picture.spans.spanAt(row);
  if (span) return spanDetails(readableSpan(span), { columns: picture.columns, row });
  if (row < picture.columns.count) return syntheticDetails(picture, row);
  throw new RangeError(`No row ${row} in this trace`);
}

function spanAt(picture: TracePicture, row: number) {
  const span = picture.spans.spanAt(row);
  if (!span) throw new RangeError(`No span in row ${row}`);
  return span;
}
