// The keys of actions of an opened trace, for `findFailures`: of a row only what its key is made of is read.

import { actionKey, generationKey } from "./actionKey";
import type { ActionKeys } from "./failures";
import { aimOfKey } from "./scanAim";
import type { SpanKind, TraceSpan } from "./schema";
import { kindCodes, type SpanColumns } from "./spanColumns";
import type { SpanSource } from "./spanSource";

const generationKind = kindCodes.indexOf("generation");

export function actionKeysOf(spans: SpanSource, columns: SpanColumns): ActionKeys {
  const keyOf = (row: number): string => {
    const kind: SpanKind = kindCodes[columns.kind[row] ?? 0] ?? "span";
    if (columns.kind[row] === generationKind) {
      const usage = spans.usageAt(row);
      return generationKey(usage?.provider, usage?.modelId);
    }
    const name = columns.strings[columns.name[row] ?? 0] ?? "";
    const input = spans.fieldAt(row, "input");
    const attributes = input === undefined ? (spans.fieldAt(row, "attributes") as TraceSpan["attributes"]) : undefined;
    return actionKey({ ...blank, kind, name, input, attributes });
  };
  // What a generation does is told by its model, not by its arguments.
  const aimOf = (row: number) => (columns.kind[row] === generationKind ? undefined : spans.aimAt?.(row));
  const readAimOf = (row: number): number | undefined => {
    const known = aimOf(row);
    if (known !== undefined || spans.aimAt === undefined || columns.kind[row] === generationKind) return known;
    const kind: SpanKind = kindCodes[columns.kind[row] ?? 0] ?? "span";
    const name = columns.strings[columns.name[row] ?? 0] ?? "";
    return aimOfKey(keyOf(row).slice(kind.length + name.length + 2));
  };
  return { keyOf, aimOf, readAimOf };
}

const blank = { spanId: "", parentSpanId: null, startTime: 0, status: "ok" } as const;
