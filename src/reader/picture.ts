// One consistent picture of an opened trace, as the reader worker holds it. The columns are those of the newest picture:
// they are edited in place where spans change and grow behind `count`, so an older picture must not be read any more.

import type { Failures } from "../trace/failures";
import type { OutputReader } from "../trace/outputLines";
import type { Problem } from "../trace/problem";
import type { SpanColumns, SpanTree } from "../trace/spanColumns";
import type { SessionFacts, SpanSource } from "../trace/spanSource";
import type { SessionState } from "../trace/state";
import type { RowTotals } from "./rowTotals";

/** What a step used, by row; NaN where it reported nothing. */
export interface UsageColumns {
  readonly tokens: Float64Array;
  /** US dollars. */
  readonly cost: Float64Array;
}

export interface TracePicture {
  /** Changes when row numbers lose their meaning. */
  readonly epoch: number;
  /** Grows by one with every other change of rows. */
  readonly revision: number;
  readonly session: SessionFacts;
  readonly spans: SpanSource;
  readonly columns: SpanColumns;
  readonly usage: UsageColumns;
  readonly tree: SpanTree;
  readonly state: SessionState;
  readonly failures: Failures;
  readonly totals: RowTotals;
  /** Problems of reading and of building the tree. */
  readonly problems: readonly Problem[];
  /** Undefined for a trace without a program's output. */
  readonly output: OutputReader | undefined;
  /** `columns.label` and `columns.outcome` are filled; otherwise a panel asks for those of the rows that it shows. */
  readonly hasTexts: boolean;
}
