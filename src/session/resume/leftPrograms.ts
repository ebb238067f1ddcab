// What programs of a session that was cut off are still there: a step that is run again would run beside itself. Who resumes
// it is told, and chooses whether they are ended first.

import { readFileSync } from "node:fs";
import { type Machine, probeLiveness, thisMachine } from "../../recorder/liveness";
import { endProcesses, leftProcesses } from "../leftProcesses";
import type { RecordedRun } from "./recordedRun";

export interface LeftProgram {
  readonly pid: number;
  /** In the system's own words; undefined where the system does not tell, so that it may be another one. */
  readonly start: string | undefined;
  /** Path of the step that started it, as far as that is known. */
  readonly step: string | undefined;
}

export type RunWithPrograms = Pick<RecordedRun, "sessionId" | "programs" | "paths">;

/** One that starts another one in time for each of them is never ended. */
const mostRounds = 5;

/** Sorted by process. Empty where nobody knows. */
export function leftPrograms(
  { sessionId, programs, paths }: RunWithPrograms,
  machine: Machine = thisMachine(),
): readonly LeftProgram[] {
  const found = new Map<number, LeftProgram>();
  const there = programs.filter(({ identity }) => isHere(identity, machine));
  // One that has left the group is nobody's any more.
  const groups = new Set(there.flatMap(({ group }) => group ?? []));
  for (const group of groups) {
    for (const { pid, start } of leftProcesses(sessionId, group)) {
      found.set(pid, { pid, start, step: paths.get(spanOf(pid)) });
    }
  }
  for (const { identity, step, isOver } of there) {
    const { pid, processStart: start } = identity;
    // Whether the session itself is there has been asked before.
    if (step === undefined || isOver) continue;
    if (probeLiveness({ ...identity, instance: "" }, machine) === "alive") found.set(pid, { pid, start, step });
  }
  return [...found.values()].sort((one, other) => one.pid - other.pid);
}

/**
 * What they start while they are being ended is ended, too. What may be another process by now is left alone.
 * @returns what is still there
 */
export async function endLeftPrograms(run: RunWithPrograms, patienceMs: number): Promise<readonly LeftProgram[]> {
  let left = leftPrograms(run);
  for (let round = 0; left.length > 0 && round < mostRounds; round++) {
    const known = left.flatMap(({ pid, start }) => (start === undefined ? [] : [{ pid, start }]));
    if (known.length === 0) break;
    await endProcesses(known, patienceMs);
    left = leftPrograms(run);
  }
  return left;
}

/** Nobody else can end the others, for their numbers may be those of other processes. */
export function canEnd(left: readonly LeftProgram[]): boolean {
  return left.every(({ start }) => start !== undefined);
}

/** Started on this machine since it booted. */
function isHere({ host, bootId, pidNamespace }: RecordedRun["programs"][number]["identity"], machine: Machine) {
  return host === machine.host && bootId === machine.bootId && pidNamespace === machine.pidNamespace;
}

/** Of the action that started it. */
function spanOf(pid: number): string {
  try {
    return /(?:^|\0)TRACEKEEPER_SPAN_ID=([0-9a-f]+)\0/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1] ?? "";
  } catch {
    return "";
  }
}
