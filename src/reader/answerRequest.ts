// Answers to a panel's questions about one trace. What takes long pauses, so that others are answered meanwhile.

import type { PanelRequest, TextsResult } from "../protocol/panelMessages";
import { conversationPageLength } from "../protocol/panelReplies";
import { conversationPage } from "../trace/conversation";
import { type ConversationOutline, outlineInSteps } from "../trace/conversationOutline";
import type { GuardrailSettings } from "../trace/guardrails/guardrail";
import { FLAG } from "../trace/spanColumns";
import { summaryInSteps, type TraceSummaryView } from "../trace/summarizeTrace";
import { inTurns } from "./inTurns";
import { type ChangingTrace, loopsOf } from "./loopAnswers";
import { firstLineOf, outputLineViews } from "./outputAnswers";
import type { TracePicture } from "./picture";
import { rowTexts } from "./rowTexts";
import { matchPlaces, outputMatches, searchAnswer } from "./searchAnswers";
import { answerAboutSpan } from "./spanAnswers";
import { TimelineAnswers } from "./timelineAnswers";

/** The question is about rows of an epoch that has passed. */
export class StaleEpochError extends Error {
  override readonly name = "StaleEpochError";
}

/** What a person has moved on from as soon as the panel asks the next of them. */
export const supersededMethods: ReadonlySet<PanelRequest["method"]> = new Set(["search", "outputSearch"]);

/** What the answers to some questions need beside the picture. */
export interface RequestContext {
  readonly trace?: ChangingTrace | undefined;
  readonly guardrails?: GuardrailSettings | undefined;
}

/**
 * @param now the trace of now: what takes long follows it
 * @param report takes parts of the answer, ahead of it
 */
export async function answerRequest(
  request: PanelRequest,
  now: () => TracePicture | undefined,
  signal: AbortSignal,
  report: (part: unknown) => void = () => {},
  { trace, guardrails }: RequestContext = {},
): Promise<unknown> {
  const current = (): TracePicture => {
    const picture = now();
    if (picture?.epoch !== request.params.epoch) throw new StaleEpochError("The trace was replaced meanwhile");
    return picture;
  };
  const picture = current();
  switch (request.method) {
    case "details":
    case "payload":
    case "payloadNodes":
    case "payloadDiff":
    case "payloadImage":
      return answerAboutSpan(request, picture);
    case "texts": {
      const texts = request.params.rows.map((row) => rowTexts(picture, row));
      return {
        labels: texts.map(({ label }) => label),
        outcomes: texts.map(({ outcome }) => outcome),
      } satisfies TextsResult;
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
      return summaryOf(picture, signal, guardrails);
    case "loops":
      // Without a trace that tells what has changed all is looked at each time.
      return loopsOf(trace ?? { changes: () => undefined }, current, signal, guardrails);
    case "conversation":
      return conversationPage(
        await outlineOf(picture, signal),
        picture.spans,
        picture.columns,
        request.params,
        conversationPageLength,
      );
    case "timeline":
    case "timelineRows":
    case "timelinePath":
    case "timelineProfile":
    case "rangeTotals":
    case "durability":
    case "durabilityAt":
      return timelines.answer(request, picture);
  }
}

const timelines = new TimelineAnswers(() => performance.now(), Math.floor(Math.random() * 2 ** 40));

/** Worked out once for a picture, whatever part of it is shown. */
const outlines = new WeakMap<TracePicture, ConversationOutline>();

async function outlineOf(picture: TracePicture, signal: AbortSignal): Promise<ConversationOutline> {
  const known = outlines.get(picture) ?? (await inTurns(outlineInSteps(picture.spans, picture.columns), signal));
  outlines.set(picture, known);
  return known;
}

async function summaryOf(
  picture: TracePicture,
  signal: AbortSignal,
  guardrails: GuardrailSettings | undefined,
): Promise<TraceSummaryView> {
  const { columns, spans, usage, session } = picture;
  const trace = { header: session.header, spans, columns, usage, guardrails };
  const summary = await inTurns(summaryInSteps(trace), signal);
  // Output lasts as long as the command that writes it, which is what takes the time.
  const rowOf = (row: number) =>
    ((columns.flags[row] ?? 0) & FLAG.output) === 0 ? row : Math.max(0, columns.parent[row] ?? 0);
  const slowest = summary.slowest.map((step) => ({ ...step, row: rowOf(step.row) }));
  return { ...summary, slowest: slowest.filter(({ row }, at) => slowest.findIndex((step) => step.row === row) === at) };
}
