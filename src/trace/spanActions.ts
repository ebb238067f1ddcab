// The keys of actions of an opened trace, for `findFailures`: of a row only what its key is made of is read.

import { actionKey, generationKey, isAttempt } from "./actionKey";
import type { ActionKeys } from "./failures";
import { aimOfKey } from "./scanAim";
import type { SpanKind, TraceSpan } from "./schema";
import { kindCodes, type SpanColumns } from "./spanColumns";
import type { SpanSource } from "./spanSource";

const generationKind = kindCodes.indexOf("generation");
const spanKind = kindCodes.indexOf("span");

export function actionKeysOf(spans: SpanSource, columns: SpanColumns): ActionKeys {
  const keyOf = (row: number): string => {
    const kind: SpanKind = kindCodes[columns.kind[row] ?? 0] ?? "span";
    if (columns.kind[row] === generationKind) {
      const usage = spans.usageAt(row);
      return generationKey(usage?.provider, usage?.modelId);
    }
    const name = columns.strings[columns.name[row] ?? 0] ?? "";
    if (isAttempt(kind, name))
      return actionKey({ ...blank, kind, name, parentSpanId: spans.idOf(columns.parent[row] ?? -1) });
    const input = spans.fieldAt(row, "input");
    const attributes = input === undefined ? (spans.fieldAt(row, "attributes") as TraceSpan["attributes"]) : undefined;
    return actionKey({ ...blank, kind, name, input, attributes });
  };
  // What a generation does is told by its model, and an attempt by what it is one at, not by their arguments.
  const hasAim = (row: number) =>
    columns.kind[row] !== generationKind &&
    !(columns.kind[row] === spanKind && isAttempt("span", columns.strings[columns.name[row] ?? 0] ?? ""));
  const aimOf = (row: number) => (hasAim(row) ? spans.aimAt?.(row) : undefined);
  const readAimOf = (row: number): number | undefined => {
    const known = aimOf(row);
    if (known !== undefined || spans.aimAt === undefined || !hasAim(row)) return known;
    const kind: SpanKind = kindCodes[columns.kind[row] ?? 0] ?? "span";
    const name = columns.strings[columns.name[row] ?? 0] ?? "";
    return aimOfKey(keyOf(row).slice(kind.length + name.length + 2));
  };
  return { keyOf, aimOf, readAimOf };
}

const blank = { spanId: "", parentSpanId: null, startTime: 0, status: "ok" } as const;
