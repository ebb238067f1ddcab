// Columns of which every row says what it is about and what came of it: spans are read for that, so it is for traces of
// which all rows may be shown at once.

import { describeSpan } from "./describeSpan";
import { isOutputRoot } from "./outputBurst";
import type { OutputIndex } from "./outputIndex";
import { outputAmount } from "./outputText";
import type { SpanColumns } from "./spanColumns";
import type { SpanSource } from "./spanSource";

export interface RowTexts {
  readonly label: string;
  readonly outcome: string;
}

/** @throws TraceReplacedError */
export function withTexts(columns: SpanColumns, spans: SpanSource, output?: OutputIndex): SpanColumns {
  const { count } = columns;
  const strings = [...columns.strings];
  const indexOf = new Map(strings.map((text, index) => [text, index]));
  const add = (text: string): number => {
    let index = indexOf.get(text);
    if (index === undefined) {
      index = strings.push(text) - 1;
      indexOf.set(text, index);
    }
    return index;
  };
  const label = new Uint32Array(count);
  const outcome = new Uint32Array(count);
  for (let row = 0; row < spans.count; row++) {
    const texts = textsOfRow(spans, output, row);
    label[row] = add(texts.label);
    outcome[row] = add(texts.outcome);
  }
  return { ...columns, label, outcome, strings };
}

/**
 * What a row is about. The span above a program's output says how much there is; what it holds are the bursts below it.
 * @throws TraceReplacedError
 */
export function textsOfRow(spans: SpanSource, output: OutputIndex | undefined, row: number): RowTexts {
  const span = spans.shortSpanAt(row);
  if (span === undefined) return { label: "", outcome: "" };
  const described = describeSpan(span);
  const root = isOutputRoot(span) ? output?.roots.find((candidate) => candidate.row === row) : undefined;
  return root === undefined ? described : { ...described, label: outputAmount(root) };
}
