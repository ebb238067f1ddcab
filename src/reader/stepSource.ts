// Which places a step leads to: what "Go to Source" and Problems need of its span.

import type { Place } from "../trace/place";
import { findPlaces } from "../trace/places";
import { spanError } from "../trace/spanError";
import { outputLink, spanAtPlace } from "./outputAnswers";
import type { TracePicture } from "./picture";
import type { CallParams, FailingStepSource, StepSource } from "./readerProtocol";
import { rowTexts } from "./rowTexts";

/** Undefined for a row without a span, and where the link leads to no place. */
export function stepSource(
  picture: TracePicture,
  { row, outputLine, link }: Omit<CallParams<"source">, "epoch">,
): StepSource | undefined {
  const span = picture.spans.spanAt(row);
  if (span === undefined) return undefined;
  const at = (place: Place): StepSource => ({ name: span.name, places: findPlaces(spanAtPlace(span, place)) });
  if (outputLine !== undefined && link !== undefined) {
    const target = outputLink(picture, outputLine, link);
    return target?.type === "place" ? at(target.place) : undefined;
  }
  const { output } = picture;
  if (outputLine !== undefined && output !== undefined && outputLine < output.index.lineCount) {
    const target = output.line(outputLine).links.find((each) => each.target.type === "place")?.target;
    if (target?.type === "place") return at(target.place);
  }
  return { name: span.name, places: findPlaces(span) };
}

export function failingStepSource(picture: TracePicture): FailingStepSource | undefined {
  const step = picture.failures.failingStep;
  const span = step && picture.spans.spanAt(step.row);
  if (!step || !span) return undefined;
  return {
    row: step.row,
    rule: step.rule,
    name: span.name,
    label: rowTexts(picture, step.row).label,
    message: spanError(span)?.message ?? picture.state.error ?? "",
    places: findPlaces(span),
  };
}
