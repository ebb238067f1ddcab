// The keys of actions of an opened trace, for `findFailures`: of a row only what its key is made of is read.

import { actionKey, attemptKey, generationKey, stepKey } from "./actionKey";
import type { ActionKeys } from "./failures";
import { aimOfKey } from "./scanAim";
import type { SpanKind, TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";
import type { SpanSource } from "./spanSource";
import { asFields } from "./toolCall";

const generationKind = kindCodes.indexOf("generation");

export function actionKeysOf(spans: SpanSource, columns: SpanColumns): ActionKeys {
  const hasFlag = (row: number, flags: number) => ((columns.flags[row] ?? 0) & flags) !== 0;
  /** As the span names it, also where that span is missing. */
  const parentIdOf = (row: number) => {
    const isAway = hasFlag(row, FLAG.orphan | FLAG.cycleCut);
    return isAway ? (spans.shortSpanAt(row)?.parentSpanId ?? null) : spans.idOf(columns.parent[row] ?? -1);
  };
  const keyOf = (row: number): string => {
    const kind: SpanKind = kindCodes[columns.kind[row] ?? 0] ?? "span";
    if (columns.kind[row] === generationKind) {
      const usage = spans.usageAt(row);
      return generationKey(usage?.provider, usage?.modelId);
    }
    const name = columns.strings[columns.name[row] ?? 0] ?? "";
    if (hasFlag(row, FLAG.attempt)) return attemptKey(kind, parentIdOf(row));
    if (hasFlag(row, FLAG.step)) return stepKey(kind, name, asFields(spans.fieldAt(row, "attributes")) ?? {});
    const input = spans.fieldAt(row, "input");
    const attributes = input === undefined ? (spans.fieldAt(row, "attributes") as TraceSpan["attributes"]) : undefined;
    return actionKey({ ...blank, kind, name, input, attributes });
  };
  // What a generation does is told by its model, and that of others by their place in a playbook, not by their arguments.
  const hasAim = (row: number) => columns.kind[row] !== generationKind && !hasFlag(row, FLAG.attempt | FLAG.step);
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
