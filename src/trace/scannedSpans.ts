// The spans of a scanned file: each is read and mended when somebody asks for it, and nothing of it is kept. What is read is
// checked against the scan, so that bytes of another file are never taken for a span.

import { ProblemList } from "./problemList";
import { repairSpan } from "./repairSpan";
import { shortSpanOf } from "./scanLabel";
import type { ByteRange } from "./scanRows";
import type { ScannedTrace } from "./scanTrace";
import type { TraceSpan } from "./schema";
import { isPlainlySound } from "./soundSpan";
import { type SpanSource, TraceReplacedError } from "./spanSource";

/**
 * The bytes of a range of the file that was scanned, all of them. They stay as they are for whoever holds them.
 * @throws TraceReplacedError where the file is no longer that one
 */
export type ReadBytes = (range: ByteRange) => Uint8Array;

/** A longer span does not fit into a text, which has at most 2^29 - 24 UTF-16 units; its long fields are cut. */
export const longestSpanBytes = 2 ** 29 - 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function scannedSpans(scanned: ScannedTrace, read: ReadBytes): SpanSource {
  const count = scanned.spanCount;
  const checked = (row: number, make: () => TraceSpan): TraceSpan => {
    let span: TraceSpan;
    try {
      span = make();
    } catch (error) {
      if (error instanceof SyntaxError) throw replaced();
      throw error;
    }
    if (span.spanId !== scanned.idOf(row)) throw replaced();
    return span;
  };
  const shortSpanAt = (row: number) =>
    row >= 0 && row < count ? checked(row, () => shortSpanOf(scanned, row, read)) : undefined;
  const spanAt = (row: number) => {
    if (!(row >= 0 && row < count)) return undefined;
    const range = scanned.spanRange(row);
    if (range.endBytes - range.startBytes > longestSpanBytes) return shortSpanAt(row);
    return checked(row, () => {
      const value = parsed(read(range));
      return isPlainlySound(value)
        ? value
        : repairSpan(value, row, { problems: new ProblemList(), makeSpanId: () => scanned.idOf(row) });
    });
  };
  return {
    count,
    idOf: (row) => (row >= 0 && row < count ? scanned.idOf(row) : ""),
    rowOf: (spanId) => scanned.rowOf(spanId),
    spanAt,
    shortSpanAt,
    fieldAt(row, field) {
      if (!(row >= 0 && row < count)) return undefined;
      if (scanned.isMended(row)) return spanAt(row)?.[field];
      const range = scanned.fieldRange(row, field);
      if (range === undefined) return undefined;
      if (range.endBytes - range.startBytes > longestSpanBytes) return shortSpanAt(row)?.[field];
      try {
        return parsed(read(range));
      } catch (error) {
        if (error instanceof SyntaxError) throw replaced();
        throw error;
      }
    },
  };
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes)) as unknown;
}

function replaced(): TraceReplacedError {
  return new TraceReplacedError("The file is not the one that was opened");
}
