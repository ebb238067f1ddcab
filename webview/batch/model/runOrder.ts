// Which runs are shown, and in which order. Runs that are equal in what they are sorted by stand in the order of their
// indexes, so that the same batch always looks the same.

import { type RunState, runStates } from "../../../src/trace/batch/runColumns";
import type { RunTable } from "./runTable";

export const runSorts = ["index", "state", "duration", "attempts"] as const;
export type RunSort = (typeof runSorts)[number];

export interface RunFilter {
  /** Empty for all. */
  readonly states: ReadonlySet<RunState>;
  /** Words that the run's number, task, name or error hold, in any case. */
  readonly words: string;
  /** Of the chosen group of errors; undefined for all. */
  readonly isInGroup: ((index: number) => boolean) | undefined;
}

/** What needs a look stands first. */
const urgency: readonly RunState[] = [
  "failed",
  "prefailed",
  "uncreated",
  "running",
  "backing-off",
  "queued",
  "waiting",
  "absent",
  "cancelled",
  "succeeded",
];
const rank = Uint8Array.from(runStates, (state) => urgency.indexOf(state));

/** Indexes of the runs that are shown, in their order. @param nowMs for runs that are under way */
export function orderRuns(
  table: RunTable,
  filter: RunFilter,
  sort: RunSort,
  isDescending: boolean,
  nowMs: number,
): Uint32Array {
  const shown = new Uint32Array(table.count);
  const isWanted = wanted(table, filter);
  let count = 0;
  for (let index = 0; index < table.count; index++) if (isWanted(index)) shown[count++] = index;
  const order = shown.slice(0, count);
  if (sort === "index") return isDescending ? order.reverse() : order;
  const keys = new Float64Array(table.count);
  for (const index of order) keys[index] = keyOf(table, sort, index, nowMs);
  const sign = isDescending ? -1 : 1;
  return order.sort((one, other) => {
    const [a, b] = [keys[one] ?? 0, keys[other] ?? 0];
    // Runs without a value stand last either way.
    if (a !== b && (a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY)) return a < b ? -1 : 1;
    return a === b ? one - other : sign * (a - b);
  });
}

function keyOf(table: RunTable, sort: Exclude<RunSort, "index">, index: number, nowMs: number): number {
  switch (sort) {
    case "state":
      return rank[table.states[index] ?? 0] ?? 0;
    case "attempts":
      return table.attemptCounts[index] ?? 0;
    case "duration": {
      const duration = table.durationMs(index, nowMs);
      return Number.isNaN(duration) ? Number.POSITIVE_INFINITY : duration;
    }
  }
}

function wanted(table: RunTable, { states, words, isInGroup }: RunFilter): (index: number) => boolean {
  const codes = Uint8Array.from(runStates, (state) => Number(states.size === 0 || states.has(state)));
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  // Each text is looked at once, however many runs share it.
  const found = parts.map((part) => Uint8Array.from(table.texts, (text) => Number(text.toLowerCase().includes(part))));
  const { tasks, names, errors } = table;
  const holds = (part: number, index: number) => {
    const hits = found[part];
    const isText = [tasks, names, errors].some((column) => hits?.[column[index] ?? 0] === 1);
    return isText || String(index + 1) === parts[part]?.replace(/^#/, "");
  };
  return (index) =>
    codes[table.states[index] ?? 0] === 1 &&
    (isInGroup === undefined || isInGroup(index)) &&
    parts.every((_, part) => holds(part, index));
}
