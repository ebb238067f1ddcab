// The columns of the traces that traceGenerator.ts writes, made without their JSON: what a panel gets of a large trace.
// Labels and outcomes are left out, as the reader leaves them out; `generatedTexts` answers for them.
import { findFailures } from "../../src/trace/failures";
import { FLAG, kindCodes, type SpanColumns } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";
import { type GeneratedTrace, parentOf, randomFrom, startOf } from "./traceGenerator";

const session = kindCodes.indexOf("session");
const generation = kindCodes.indexOf("generation");
const tool = kindCodes.indexOf("tool");

export interface GeneratedColumns {
  readonly columns: SpanColumns;
  /** -1: none. */
  readonly failingRow: number;
  readonly failureCount: number;
}

export function generatedColumns(trace: GeneratedTrace): GeneratedColumns {
  const count = trace.spans;
  const columns = {
    count,
    startMs: new Float64Array(count),
    endMs: new Float64Array(count),
    parent: new Int32Array(count),
    kind: new Uint8Array(count),
    status: new Uint8Array(count),
    flags: new Uint32Array(count),
    name: new Uint32Array(count),
    label: new Uint32Array(count),
    outcome: new Uint32Array(count),
  };
  const strings = ["", "session", "bash", "read"];
  const random = randomFrom(trace.seed);
  for (let row = 0; row < count; row++) {
    const parent = parentOf(row, trace);
    const start = startOf(row, trace);
    columns.parent[row] = parent;
    columns.startMs[row] = start;
    columns.endMs[row] = start + Math.floor(random() * 900) / 8;
    columns.kind[row] = row === 0 ? session : parent === 0 ? generation : tool;
    columns.status[row] = row > 0 && random() < 0.02 ? 1 : 0;
    columns.name[row] = row === 0 ? 1 : parent === 0 ? strings.push(`generation-${row}`) - 1 : random() < 0.5 ? 2 : 3;
  }
  columns.endMs[0] = (columns.startMs[count - 1] ?? 0) + 1_000;
  const failures = findFailures({ ...columns, strings }, buildTree(columns), String, { status: "failed", reasons: [] });
  return {
    columns: { ...columns, strings },
    failingRow: failures.failingStep?.row ?? -1,
    failureCount: columns.flags.reduce((sum, flags) => sum + ((flags & FLAG.failure) !== 0 ? 1 : 0), 0),
  };
}

export function generatedTexts(rows: readonly number[]): { labels: string[]; outcomes: string[] } {
  return {
    labels: rows.map((row) => `npm test -- --run part-${row % 500} of step ${row}`),
    outcomes: rows.map((row) => (row % 50 === 0 ? "exit 1" : "")),
  };
}
