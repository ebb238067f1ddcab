// The spans of a scanned file: each is read and mended when somebody asks for it, and nothing of it is kept. What is read is
// checked against the scan, so that bytes of another file are never taken for a span.

import { modelName } from "./describeSpan";
import { ProblemList } from "./problemList";
import { repairSpan } from "./repairSpan";
import { unknownAim } from "./scanAim";
import { shortSpanOf } from "./scanLabel";
import type { ReadBytes } from "./scanRows";
import type { ScannedTrace } from "./scanTrace";
import { noModel, unreadModel } from "./scanUsage";
import type { TraceSpan } from "./schema";
import { isPlainlySound } from "./soundSpan";
import { type SpanField, type SpanSource, TraceReplacedError } from "./spanSource";
import type { SpanUsage } from "./spanUsage";
import { toolName } from "./toolCall";

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
  const fieldAt = (row: number, field: SpanField) => {
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
  };
  const attributesAt = (row: number) => fieldAt(row, "attributes") as TraceSpan["attributes"];
  const models = new Map<number, TraceSpan["model"]>();
  const modelOf = (model: number) => {
    if (!models.has(model)) models.set(model, JSON.parse(scanned.modelText(model)) as TraceSpan["model"]);
    return models.get(model);
  };
  const usageAt = (row: number): SpanUsage | undefined => {
    if (!(row >= 0 && row < count)) return undefined;
    const { usage } = scanned;
    const index = usage.find(row);
    const number = index < 0 ? noModel : usage.modelAt(index);
    const model = number >= 0 ? modelOf(number) : number === unreadModel ? shortSpanAt(row)?.model : undefined;
    const name = model?.modelId === undefined ? modelName({ attributes: attributesAt(row) }) : modelName({ model });
    const cost = index < 0 ? Number.NaN : usage.costAt(index);
    return {
      model: name,
      provider: model?.providerId,
      modelId: model?.modelId,
      tokens: index < 0 ? undefined : usage.tokensAt(index),
      cost: Number.isNaN(cost) ? undefined : cost,
    };
  };
  const toolNames = new Map<number, string>();
  const toolNameAt = (row: number): string => {
    if (!(row >= 0 && row < count)) return "";
    const { name, strings } = scanned.columns;
    const index = name[row] ?? 0;
    const text = strings[index] ?? "";
    if (scanned.mayNameTool(row)) return toolName({ name: text, attributes: attributesAt(row) });
    let known = toolNames.get(index);
    if (known === undefined) {
      known = toolName({ name: text });
      toolNames.set(index, known);
    }
    return known;
  };
  return {
    count,
    idOf: (row) => (row >= 0 && row < count ? scanned.idOf(row) : ""),
    rowOf: (spanId) => scanned.rowOf(spanId),
    spanAt,
    shortSpanAt,
    fieldAt,
    usageAt,
    toolNameAt,
    aimAt(row) {
      const aim = scanned.aimOf(row);
      return aim === unknownAim ? undefined : aim;
    },
    file: {
      spanRange: (row) => scanned.spanRange(row),
      fieldRanges: (row) => scanned.fieldRanges(row),
      isMended: (row) => scanned.isMended(row),
      read,
    },
  };
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes)) as unknown;
}

function replaced(): TraceReplacedError {
  return new TraceReplacedError("The file is not the one that was opened");
}
