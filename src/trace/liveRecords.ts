// The records of a trace that grows, as those see them who look at their bytes: as many as there are now, over the snapshot
// beneath them.

import type { LiveRanges } from "./liveRanges";
import type { SpanRecords } from "./spanRecords";
import type { SpanSource } from "./spanSource";

type Around = Pick<SpanRecords, "read" | "toldRow">;

/** @param base the snapshot's spans */
export function liveRecords(ranges: LiveRanges, base: SpanSource | undefined, around: Around): SpanRecords {
  const file = base?.file;
  return {
    ...around,
    count: ranges.count,
    rowOf: (record) => ranges.rowOf(record),
    partOf: (record) => ranges.partOf(record),
    startBytes: (record) => ranges.startBytes(record),
    endBytes: (record) => ranges.endBytes(record),
    firstOf: (row) => ranges.firstOf(row),
    marksOf: (row) => ranges.marksOf(row),
    firstCount: base?.count ?? 0,
    firstFile: file && {
      spanRange: (row) => file.spanRange(row),
      fieldRanges: (row) => file.fieldRanges(row),
      // What the file says is not all.
      isMended: (row) => ranges.has(row) || row === around.toldRow || file.isMended(row),
      read: (range) => file.read(range),
    },
  };
}
