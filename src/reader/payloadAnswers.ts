// Payloads of spans as whole texts: for the clipboard and for documents of the editor.

import { assertNever } from "../base/assert";
import type { TraceSpan } from "../trace/schema";
import { payloadText } from "./payloadText";
import type { TracePicture } from "./picture";
import type { CallResult, DocumentField } from "./readerProtocol";
import { recordedEdit } from "./recordedEdit";

/** Undefined where the trace has no such span (any more). */
export function documentText({ spans }: TracePicture, spanId: string, field: DocumentField): string | undefined {
  const span = spans.spanAt(spans.rowOf(spanId));
  if (span === undefined) return undefined;
  switch (field) {
    case "diffOld":
      return recordedEdit(span)?.oldText ?? "";
    case "diffNew":
      return recordedEdit(span)?.newText ?? "";
    case "input":
    case "output":
    case "error":
    case "attributes":
    case "raw":
      return payloadText(span, field).text;
    default:
      return assertNever(field, "document field");
  }
}

export function editOf(span: TraceSpan): CallResult<"edit"> {
  return { spanId: span.spanId, name: span.name, path: recordedEdit(span)?.path };
}
