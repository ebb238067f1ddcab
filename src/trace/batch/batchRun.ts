// Of which batch a session is a run, as the root of its trace tells it.

import { formatCount } from "../formatValue";
import { isFields } from "../soundSpan";
import { batchRunAttribute } from "./batchIds";
import { mostRuns } from "./batchRecord";

export interface BatchRunRef {
  /** Of the batch. */
  readonly id: string;
  readonly name?: string | undefined;
  /** From 0 on. */
  readonly index: number;
  readonly runCount: number;
  /** From 1 on. */
  readonly attempt: number;
}

const longestText = 200;

/** @param attributes of the root span; undefined where they tell of no batch */
export function readBatchRun(attributes: unknown): BatchRunRef | undefined {
  const run = isFields(attributes) ? attributes[batchRunAttribute] : undefined;
  if (!isFields(run)) return undefined;
  const { id, name, index, runCount, attempt } = run as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || id === "" || id.length > longestText) return undefined;
  if (!isWhole(index, 0, mostRuns - 1) || !isWhole(runCount, 1, mostRuns) || index >= runCount) return undefined;
  return {
    id,
    name: typeof name === "string" && name !== "" ? name.slice(0, longestText) : undefined,
    index,
    runCount,
    attempt: isWhole(attempt, 1, Number.MAX_SAFE_INTEGER) ? attempt : 1,
  };
}

function isWhole(value: unknown, from: number, to: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= from && value <= to;
}

/** "run 7 of 40 · nightly". May hold text of the trace. */
export function batchRunWords({ index, runCount, name }: BatchRunRef): string {
  const run = `run ${formatCount(index + 1)} of ${formatCount(runCount)}`;
  return name === undefined ? run : `${run} · ${name}`;
}
