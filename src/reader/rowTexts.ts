// What a row is about and what came of it, in a few words: from the columns where they have it, else from its span.

import { describeSpan } from "../trace/describeSpan";
import type { TracePicture } from "./picture";

export interface RowTexts {
  readonly label: string;
  readonly outcome: string;
}

export function rowTexts({ columns, spans, hasTexts }: TracePicture, row: number): RowTexts {
  const label = columns.strings[columns.label[row] ?? 0] ?? "";
  const outcome = columns.strings[columns.outcome[row] ?? 0] ?? "";
  if (hasTexts || label !== "" || outcome !== "") return { label, outcome };
  const span = spans.shortSpanAt(row);
  return span === undefined ? { label, outcome } : describeSpan(span);
}
