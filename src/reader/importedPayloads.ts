// The spans of a transcript of which large payloads are not held: they are read again from the lines of the file when
// somebody asks for them.

import type { Rereading } from "../importers/importSession";
import type { TraceSpan } from "../trace/schema";
import { readingSpans, type SpanSource, TraceReplacedError } from "../trace/spanSource";
import type { TailedFile } from "./tailedFile";

/** Whoever looks at a span asks for several of its fields. */
const mostRemembered = 4;

/** @param files by their number in the places of lines */
export function rereadSpans(held: SpanSource, rereading: Rereading, files: readonly TailedFile[]): SpanSource {
  const remembered = new Map<number, TraceSpan>();
  const wholeAt = (row: number): TraceSpan => {
    const known = remembered.get(row);
    if (known !== undefined) return known;
    const whole = rereading.reread(row, ({ file, offsetBytes, lengthBytes }) => {
      const bytes = files[file]?.read(offsetBytes, lengthBytes);
      if (bytes === undefined) throw new TraceReplacedError("A file of the session is not there any more");
      return bytes;
    });
    if (whole === undefined) throw new TraceReplacedError("The lines of a step say something else now");
    for (const oldest of remembered.keys()) {
      if (remembered.size < mostRemembered) break;
      remembered.delete(oldest);
    }
    remembered.set(row, whole);
    return whole;
  };
  return {
    ...held,
    ...readingSpans((row) => (row < held.count && rereading.isClipped(row) ? wholeAt(row) : held.spanAt(row))),
    shortSpanAt: (row) => held.shortSpanAt(row),
    usageAt: (row) => held.usageAt(row),
    toolNameAt: (row) => held.toolNameAt(row),
  };
}
