// Answers about single steps. What was last asked about is kept with its picture, so that the next part of a long text
// costs nothing.

import type { PanelRequest } from "../protocol/panelMessages";
import type { SpanDetails } from "../trace/spanDetails";
import type { TracePicture } from "./picture";
import { rowTexts } from "./rowTexts";
import { SpanReader } from "./spanReader";
import { syntheticDetails } from "./syntheticDetails";

/** As many panels as look at one trace without reading anew with each question. */
const mostReaders = 2;

const readers = new WeakMap<TracePicture, Map<number, SpanReader>>();

export type SpanRequest = Extract<
  PanelRequest,
  { method: "details" | "payload" | "payloadNodes" | "payloadDiff" | "payloadImage" }
>;

/** @throws a RangeError where the row, or what is asked for in it, is not there */
export function answerAboutSpan(request: SpanRequest, picture: TracePicture): unknown {
  const { row } = request.params;
  if (request.method === "details") return detailsOf(picture, row);
  const reader = spanReader(picture, row);
  if (reader === undefined) throw new RangeError(`No span in row ${row}`);
  switch (request.method) {
    case "payload":
      return reader.textPart(request.params, request.params.from, request.params.length);
    case "payloadNodes":
      return reader.nodes(request.params, request.params.from, request.params.count);
    case "payloadDiff": {
      const { change, from, count, isUnfolded } = request.params;
      return reader.diffPart(change, from, count, isUnfolded === true);
    }
    case "payloadImage": {
      const { field, image, from, length } = request.params;
      return reader.imagePart(field, image, from, length);
    }
  }
}

/** Undefined for a row without a span. */
export function spanReader(picture: TracePicture, row: number): SpanReader | undefined {
  const kept = readers.get(picture) ?? new Map<number, SpanReader>();
  readers.set(picture, kept);
  const known = kept.get(row);
  if (known !== undefined) return known;
  const span = picture.spans.spanAt(row);
  if (span === undefined) return undefined;
  for (const oldest of kept.keys()) {
    if (kept.size < mostReaders) break;
    kept.delete(oldest);
  }
  const reader = new SpanReader(span);
  kept.set(row, reader);
  return reader;
}

function detailsOf(picture: TracePicture, row: number): SpanDetails {
  const reader = spanReader(picture, row);
  const { columns } = picture;
  if (reader !== undefined) return reader.details({ columns, row, textsOf: (child) => rowTexts(picture, child) });
  if (row < columns.count) return syntheticDetails(picture, row);
  throw new RangeError(`No row ${row} in this trace`);
}
