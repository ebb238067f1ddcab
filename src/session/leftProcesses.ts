// What the commands of a playbook, or a session that was killed, have left running is ended. Such a process bears the
// session's id in its environment and is still in the session's process group: one that has left the group (a daemon) is
// nobody's any more. Where the system shows no environments nothing is known of them, and they are left alone.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { listProcesses, type ProcessRow, startOf } from "./processTree";

const lookAgainMs = 20;

/** A process, and not a later one with its number. */
export type KnownProcess = Pick<ProcessRow, "pid" | "start">;

/**
 * Interrupts nothing that is over already.
 * @param group process group of the session; that of this process where it is left out
 * @returns the pids of what was there
 */
export async function endLeftProcesses(
  sessionId: string,
  patienceMs: number,
  group?: number,
): Promise<readonly number[]> {
  const left = leftProcesses(sessionId, group);
  await endProcesses(left, patienceMs);
  return left.map(({ pid }) => pid);
}

/** Resolves when they are gone, or could not be killed. */
export async function endProcesses(processes: readonly KnownProcess[], patienceMs: number): Promise<void> {
  for (const each of processes) send(each, "SIGTERM");
  const giveUpAtMs = performance.now() + patienceMs;
  while (processes.some(isThere) && performance.now() < giveUpAtMs) await delay(lookAgainMs);
  for (const each of processes) send(each, "SIGKILL");
}

/** @param group as for `endLeftProcesses` */
export function leftProcesses(sessionId: string, group: number | undefined): readonly ProcessRow[] {
  if (process.platform !== "linux") return [];
  const rows = listProcesses();
  const searched = group ?? rows.find(({ pid }) => pid === process.pid)?.group;
  if (searched === undefined) return [];
  const mark = Buffer.from(`TRACEKEEPER_SESSION_ID=${sessionId}\0`);
  return rows.filter((row) => row.pid !== process.pid && row.group === searched && bears(row.pid, mark));
}

function bears(pid: number, mark: Buffer): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    const at = environment.indexOf(mark);
    return at === 0 || (at > 0 && environment[at - 1] === 0);
  } catch {
    // It ended meanwhile, or is another user's.
    return false;
  }
}

/** Its number may be another process's by now. */
function isThere({ pid, start }: KnownProcess): boolean {
  return startOf(pid) === start;
}

function send(row: KnownProcess, signal: NodeJS.Signals): void {
  if (!isThere(row)) return;
  try {
    process.kill(row.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}
