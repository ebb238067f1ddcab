// Answers to the calls of the host about one opened trace.

import { linesAsText } from "../trace/outputText";
import { TraceReplacedError } from "../trace/spanSource";
import { answerRequest, StaleEpochError } from "./answerRequest";
import { columnChunk } from "./columnChunks";
import { deltaPart } from "./deltaParts";
import { firstTexts } from "./firstTexts";
import type { OpenedTrace } from "./openedTrace";
import { outputLink } from "./outputAnswers";
import { documentText, editOf } from "./payloadAnswers";
import type { TracePicture } from "./picture";
import { pictureFacts } from "./pictureFacts";
import type { CallName, CallParams, CallResult, Reveal } from "./readerProtocol";
import { spanReader } from "./spanAnswers";
import { failingStepSource, stepSource } from "./stepSource";

/** Takes a part of an answer, ahead of the answer. */
export type Report = (part: unknown) => void;

type Answers = {
  readonly [Name in CallName]: (
    trace: OpenedTrace,
    params: CallParams<Name>,
    signal: AbortSignal,
    report: Report,
  ) => CallResult<Name> | Promise<CallResult<Name>>;
};

/**
 * @throws StaleEpochError where the rows that are asked about have lost their numbers, or there is no picture
 * @throws RangeError for rows that do not exist; the signal's reason
 */
export async function answerCall<Name extends CallName>(
  trace: OpenedTrace,
  name: Name,
  params: CallParams<Name>,
  signal: AbortSignal,
  report: Report,
): Promise<CallResult<Name>> {
  try {
    return await answers[name](trace, params, signal, report);
  } catch (error) {
    if (!(error instanceof TraceReplacedError)) throw error;
    // What is asked for is gone from the disk. Where its row is still the same in what is there now, that is the answer.
    await trace.updateAnew();
    signal.throwIfAborted();
    return await answers[name](trace, params, signal, report);
  }
}

const answers: Answers = {
  async update(trace) {
    await trace.update();
    return undefined;
  },
  show(trace, { restored, reveal }) {
    const picture = anyPicture(trace);
    const { rows, strings } = trace.extent;
    const restoredRow = restored === undefined ? undefined : picture.spans.rowOf(restored);
    const revealed = reveal === undefined ? -1 : revealRow(picture, reveal);
    const candidates = [revealed, restoredRow ?? -1, picture.failures.failingStep?.row ?? -1, picture.tree.firstRoot];
    const texts = firstTexts(picture, candidates.find((row) => row >= 0) ?? -1);
    return {
      facts: pictureFacts(picture),
      end: { rows, texts: strings },
      ...(restoredRow === undefined ? {} : { restoredRow }),
      revealRow: revealed,
      ...(texts === undefined ? {} : { texts }),
    };
  },
  columns(trace, { epoch, start, end }) {
    const { columns, hasTexts } = pictureOf(trace, epoch);
    return columnChunk(columns, start, end, { lacksTexts: !hasTexts });
  },
  delta(trace, { epoch, revision, start, until }) {
    const picture = pictureOf(trace, epoch);
    const to = until ?? picture.revision;
    const changes = trace.changes(revision, to);
    return changes && { ...deltaPart(picture.columns, changes, start), facts: pictureFacts(picture), until: to };
  },
  request(trace, { request, guardrails }, signal, report) {
    return answerRequest(request, () => trace.picture, signal, report, { trace, guardrails });
  },
  rowOf(trace, { spanId }) {
    const { spans, epoch } = anyPicture(trace);
    return { epoch, row: spans.rowOf(spanId) };
  },
  source(trace, { epoch, ...at }) {
    return stepSource(pictureOf(trace, epoch), at);
  },
  failingStep(trace) {
    return failingStepSource(anyPicture(trace));
  },
  link(trace, { epoch, line, link }) {
    return outputLink(pictureOf(trace, epoch), line, link);
  },
  text(trace, { epoch, row, ...ref }) {
    return spanReader(pictureOf(trace, epoch), row)?.wholeText(ref).text;
  },
  textLink(trace, { epoch, row, offset, ...ref }) {
    const reader = spanReader(pictureOf(trace, epoch), row);
    const target = reader?.linkAt(ref, offset);
    return reader && target && { name: reader.span.name, target };
  },
  payloadName(trace, { epoch, row, ...ref }) {
    const reader = spanReader(pictureOf(trace, epoch), row);
    if (reader === undefined) return undefined;
    const { spanId, name } = reader.span;
    return { spanId, name, extension: reader.wholeText(ref).extension };
  },
  edit(trace, { epoch, row }) {
    const span = pictureOf(trace, epoch).spans.spanAt(row);
    return span && editOf(span);
  },
  document(trace, { spanId, field, path }) {
    return documentText(anyPicture(trace), spanId, field, path ?? []);
  },
  outputText(trace, { epoch, range }) {
    const { output } = pictureOf(trace, epoch);
    return output && linesAsText(output, range);
  },
  wholeOutput(trace) {
    const { output } = anyPicture(trace);
    return output === undefined
      ? { text: "", leftOut: 0 }
      : linesAsText(output, { from: 0, to: output.index.lineCount - 1 });
  },
};

function anyPicture({ picture }: OpenedTrace): TracePicture {
  if (picture === undefined) throw new StaleEpochError("Nothing of the trace could be read");
  return picture;
}

function pictureOf({ picture }: OpenedTrace, epoch: number): TracePicture {
  if (picture?.epoch !== epoch) throw new StaleEpochError("The trace was replaced meanwhile");
  return picture;
}

function revealRow({ failures, spans }: TracePicture, reveal: Reveal): number {
  return reveal.type === "failingStep" ? (failures.failingStep?.row ?? -1) : spans.rowOf(reveal.spanId);
}
