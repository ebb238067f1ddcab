// What a row is about and what came of it, in a few words: from the columns where they have it, else from its span.

import { type RowTexts, textsOfRow } from "../trace/fillTexts";
import type { TracePicture } from "./picture";

export type { RowTexts };

export function rowTexts({ columns, spans, hasTexts, output }: TracePicture, row: number): RowTexts {
  const label = columns.strings[columns.label[row] ?? 0] ?? "";
  const outcome = columns.strings[columns.outcome[row] ?? 0] ?? "";
  if (hasTexts || label !== "" || outcome !== "") return { label, outcome };
  return textsOfRow(spans, output?.index, row);
}
