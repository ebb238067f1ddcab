// Marks by which a trace shows that its producer left something out: the span that stands for elided spans, and texts
// whose length is exactly the limit at which altimate-code's recorder (v0.8.10) cuts.

import type { TraceSpan } from "./schema";

/** That recorder keeps so many UTF-16 units of a tool's output. */
export const cutOutputLength = 10_000;
/** That recorder keeps so many UTF-16 units of a user's message. */
export const cutMessageLength = 4_000;

const elidedName = /^elided-\d+-\d+-of-(\d+)$/;

export interface ElidedSpans {
  readonly elided: number;
  /** Spans that the session really had. */
  readonly totalSpans: number;
}

/** What a span says it stands for, or undefined for an ordinary span. */
export function readElidedMark(span: TraceSpan): ElidedSpans | undefined {
  if (!span.name.startsWith("elided-")) return undefined;
  const match = elidedName.exec(span.name);
  const elided = span.attributes?.["elided"];
  const totalSpans = span.attributes?.["totalSpans"] ?? Number(match?.[1]);
  if (match === null || typeof elided !== "number" || typeof totalSpans !== "number") return undefined;
  return { elided, totalSpans };
}

/** Attribute of our own recorder: by field, the length in UTF-16 units of a text that was cut. */
export const cutAttribute = "tracekeeper.cut";

/** Full length, in UTF-16 units, of a field that our recorder has cut; undefined where it is whole. */
export function cutMark(span: TraceSpan, field: string): number | undefined {
  const mark = span.attributes?.[cutAttribute];
  if (typeof mark !== "object" || mark === null || !Object.hasOwn(mark, field)) return undefined;
  const length = (mark as Readonly<Record<string, unknown>>)[field];
  return typeof length === "number" && Number.isFinite(length) ? length : undefined;
}

/** True for a tool's output that ends exactly where altimate-code's recorder cuts. */
export function isOutputCut(span: TraceSpan): boolean {
  return span.kind === "tool" && typeof span.output === "string" && span.output.length === cutOutputLength;
}

/** True for a user's message that ends exactly where altimate-code's recorder cuts. */
export function isMessageCut(span: TraceSpan): boolean {
  return span.kind === "user-message" && typeof span.input === "string" && span.input.length === cutMessageLength;
}
