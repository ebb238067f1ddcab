// Details of a row that is no span but a place for others to hang from.

import { wordsAsPayload } from "../trace/payload";
import type { SpanDetails } from "../trace/spanDetails";
import type { TracePicture } from "./picture";

/** `row` must be one of the picture's rows after its spans. */
export function syntheticDetails(picture: TracePicture, row: number): SpanDetails {
  const { columns } = picture;
  const name = columns.strings[columns.name[row] ?? 0] ?? "";
  const orphans = columns.parent.reduce((count, parent) => count + (parent === row ? 1 : 0), 0);
  const start = columns.startMs[row] ?? Number.NaN;
  const text = `The trace names a parent for ${orphans === 1 ? "this step" : `these ${orphans} steps`} that it does not hold. It may come later, or be lost.`;
  return {
    spanId: "",
    parentSpanId: null,
    title: name,
    label: columns.strings[columns.label[row] ?? 0] ?? "",
    outcome: "",
    kind: "span",
    status: "ok",
    startMs: Number.isFinite(start) ? start : undefined,
    places: [],
    input: wordsAsPayload(""),
    output: wordsAsPayload(text),
    calls: [],
    callsLeftOut: 0,
    attributes: [],
    events: [],
    links: [],
    leftOut: 0,
  };
}
