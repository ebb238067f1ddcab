// The trace of a picture as one object, for what is still derived from all spans at once.

import type { TraceFile, TraceSpan } from "../trace/schema";
import type { SpanSource } from "../trace/spanSource";
import type { TracePicture } from "./picture";

const known = new WeakMap<SpanSource, readonly TraceSpan[]>();

export function wholeTrace({ session, spans }: TracePicture): TraceFile {
  let all = known.get(spans);
  if (all?.length !== spans.count) {
    const read: TraceSpan[] = [];
    for (let row = 0; row < spans.count; row++) {
      const span = spans.spanAt(row);
      if (span !== undefined) read.push(span);
    }
    all = read;
    known.set(spans, all);
  }
  return { ...session.header, spans: all as TraceSpan[] };
}
