// The file in which all spans of a trace stand one behind the other, in the order of rows, for those who look at many of
// them without making objects.

import type { ByteRange, RangedField } from "./scanRows";

export interface SpanFile {
  spanRange(row: number): ByteRange;
  /** Of all fields that may be large, in no order. Of mended spans they may not be what the span says. */
  fieldRanges(row: number): readonly (ByteRange & { readonly field: RangedField })[];
  /** The span is not as it stands there: what was no sound span was mended. */
  isMended(row: number): boolean;
  /**
   * All bytes of a range; they stay as they are.
   * @throws TraceReplacedError where the file is no longer the one that was opened
   */
  read(range: ByteRange): Uint8Array;
}
