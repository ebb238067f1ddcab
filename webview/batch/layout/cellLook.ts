// How a cell of the matrix looks: by the outcome of its attempt, and for what has no attempt by the state of the run.

import { openOutcome } from "../../../src/protocol/batchMessages";
import { attemptOutcomes } from "../../../src/trace/batch/batchRecord";
import type { RunTable } from "../model/runTable";
import { stateCode } from "../model/runTable";

export const cellLooks = [
  "absent",
  "waiting",
  "queued",
  "running",
  /** The attempt failed, and another one is to follow. */
  "backing-off",
  "succeeded",
  "failed",
  "crashed",
  /** It failed, and another attempt was made. */
  "retried",
  "cancelled",
  "prefailed",
  "uncreated",
] as const;
export type CellLook = (typeof cellLooks)[number];

const code = Object.fromEntries(cellLooks.map((look, at) => [look, at])) as Record<CellLook, number>;

const ofOutcome = attemptOutcomes.map((outcome) => code[outcome]);
const ofState = new Uint8Array(Object.keys(stateCode).length);
for (const [state, at] of Object.entries(stateCode)) ofState[at] = code[state as keyof typeof stateCode];

/** A place in `cellLooks`. @param attempt counted from 0; that of a run without any is not looked at */
export function lookOf(table: RunTable, index: number, attempt: number): number {
  const state = table.states[index] ?? 0;
  const attempts = table.attemptCounts[index] ?? 0;
  if (attempts === 0) return ofState[state] ?? 0;
  const isLast = attempt >= attempts - 1;
  if (isLast && (state === stateCode.prefailed || state === stateCode.uncreated)) return ofState[state] ?? 0;
  const outcome = table.outcomeCode(index, attempt);
  if (outcome === openOutcome) {
    // Its end is lost where the run has ended all the same.
    return state === stateCode.running ? code.running : isLast ? (ofState[state] ?? 0) : code.retried;
  }
  const look = ofOutcome[outcome] ?? code.failed;
  if (look !== code.failed && look !== code.crashed) return look;
  if (!isLast) return code.retried;
  return state === stateCode["backing-off"] || state === stateCode.queued ? code["backing-off"] : look;
}
