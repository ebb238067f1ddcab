// What of a span is searched: texts, numbers, truth values and keys as they are, each for itself, not their JSON.

import type { TraceSpan } from "./schema";

/** Fields with values of any sort. */
export const searchedFields = ["statusMessage", "input", "output", "attributes", "events"] as const;

export function spanHolds(span: TraceSpan, test: (text: string) => boolean): boolean {
  return test(span.spanId) || searchedFields.some((field) => valueHolds(span[field], test));
}

/** Whether a text within the value passes the test. Iterative, because values may be nested as deep as their file likes. */
export function valueHolds(value: unknown, test: (text: string) => boolean): boolean {
  if (typeof value === "string") return test(value);
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    switch (typeof next) {
      case "string":
        if (test(next)) return true;
        break;
      case "number":
      case "boolean":
        if (test(String(next))) return true;
        break;
      case "object":
        if (next === null) break;
        if (Array.isArray(next)) {
          for (const item of next as unknown[]) pending.push(item);
        } else {
          for (const key of Object.keys(next)) {
            if (test(key)) return true;
            pending.push((next as Record<string, unknown>)[key]);
          }
        }
        break;
      default:
        break;
    }
  }
  return false;
}
