// The full text of one payload of a span, as a person would want to read, copy or open it.

import { assertNever } from "../base/assert";
import type { PayloadField } from "../protocol/panelMessages";
import { parseAnsiLine } from "../trace/ansi";
import { outputBurstOf } from "../trace/outputBurst";
import { prettyText, type WholePayload, wholePayload } from "../trace/payloadView";
import type { TraceSpan } from "../trace/schema";
import { rawSpan } from "../trace/spanDetails";
import { spanError } from "../trace/spanError";

export interface PayloadText {
  readonly text: string;
  /** File ending for an editor, without a dot. */
  readonly extension: "json" | "txt" | "md";
}

/** `diff` has no single text and gives the arguments of the edit. */
export function payloadText(span: TraceSpan, field: PayloadField): PayloadText {
  switch (field) {
    case "input":
    case "diff":
      return ofPayload(wholePayload(span, "input"));
    case "output":
      return ofPayload(wholePayload(readableSpan(span), "output"));
    case "error": {
      const error = spanError(span);
      return { text: [error?.message, error?.stack].filter(Boolean).join("\n\n"), extension: "txt" };
    }
    case "attributes":
      return { text: prettyText(span.attributes ?? {}), extension: "json" };
    case "raw":
      return { text: rawSpan(span), extension: "json" };
    default:
      return assertNever(field, "payload field");
  }
}

/** A burst of a program's output without the codes that only a terminal reads; any other span as it is. */
export function readableSpan(span: TraceSpan): TraceSpan {
  if (outputBurstOf(span) === undefined || typeof span.output !== "string") return span;
  const lines = span.output.split("\n").map((line) => parseAnsiLine(line).text);
  return { ...span, output: lines.join("\n") };
}

function ofPayload(payload: WholePayload): PayloadText {
  const extensions = { text: "txt", json: "json", markdown: "md", diff: "json", empty: "txt" } as const;
  return { text: payload.text, extension: extensions[payload.type] };
}
