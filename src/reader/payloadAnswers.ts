// Payloads of spans as whole texts: for the clipboard and for documents of the editor.

import type { TraceSpan } from "../trace/schema";
import type { TracePicture } from "./picture";
import type { CallResult, DocumentField } from "./readerProtocol";
import { recordedEdit } from "./recordedEdit";
import { spanReader } from "./spanAnswers";

/** Undefined where the trace has no such span (any more). */
export function documentText(
  picture: TracePicture,
  spanId: string,
  field: DocumentField,
  path: readonly number[],
): string | undefined {
  const reader = spanReader(picture, picture.spans.rowOf(spanId));
  if (reader === undefined) return undefined;
  switch (field) {
    case "diffOld":
      return recordedEdit(reader.span)?.oldText ?? "";
    case "diffNew":
      return recordedEdit(reader.span)?.newText ?? "";
    default:
      return reader.wholeText({ field, path }).text;
  }
}

export function editOf(span: TraceSpan): CallResult<"edit"> {
  return { spanId: span.spanId, name: span.name, path: recordedEdit(span)?.path };
}
