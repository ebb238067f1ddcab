// The full text of one payload of a span, as a person would want to read, copy or open it.

import { assertNever } from "../../base/assert";
import type { PayloadField } from "../../protocol/panelMessages";
import { prettyText, type WholePayload, wholePayload } from "../../trace/payloadView";
import type { TraceSpan } from "../../trace/schema";
import { rawSpan } from "../../trace/spanDetails";
import { spanError } from "../../trace/spanError";

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
      return ofPayload(wholePayload(span, "output"));
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

function ofPayload(payload: WholePayload): PayloadText {
  const extensions = { text: "txt", json: "json", markdown: "md", diff: "json", empty: "txt" } as const;
  return { text: payload.text, extension: extensions[payload.type] };
}
