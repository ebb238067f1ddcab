// The file in which all spans of a trace stand one behind the other, in the order of rows, for those who look at many of
// them without making objects.

import type { ByteRange } from "./scanRows";

export interface SpanFile {
  spanRange(row: number): ByteRange;
  /** Undefined where the span does not have the field. Of mended spans it may not be what the span says. */
  fieldRange(row: number, field: "statusMessage" | "input" | "output" | "attributes" | "events"): ByteRange | undefined;
  /** The span is not as it stands there: what was no sound span was mended. */
  isMended(row: number): boolean;
  /**
   * All bytes of a range; they stay as they are.
   * @throws TraceReplacedError where the file is no longer the one that was opened
   */
  read(range: ByteRange): Uint8Array;
}
