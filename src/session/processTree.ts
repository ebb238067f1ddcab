// Which processes a running program consists of: itself, what it started, what these started, and whoever else is in its
// terminal. A process that has left all of these is nobody's any more.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** 0 where the system does not tell. */
  readonly session: number;
  /** Of the terminal's process groups the one that Ctrl+C reaches; 0 or less where there is none. */
  readonly foreground: number;
  /** In the system's own words; tells a process from a later one with the same number. */
  readonly start: string;
}

/** Empty where the system can't be asked. */
export function listProcesses(): ProcessRow[] {
  if (process.platform === "win32") return [];
  return process.platform === "linux" ? readProc() : askPs();
}

/**
 * @param root pid of the program
 * @param hasOwnTerminal everything in the terminal that it leads is a part of it
 */
export function programProcesses(rows: readonly ProcessRow[], root: number, hasOwnTerminal: boolean): ProcessRow[] {
  const found = new Set<number>([root]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent, group, session } of rows) {
      const isOfTerminal = hasOwnTerminal && (session === root || group === root);
      if (found.has(parent) || isOfTerminal) found.add(pid);
    }
  }
  return rows.filter(({ pid }) => found.has(pid));
}

/** Start of a process as its row has it; undefined where it is not to be had cheaply. */
export function startOf(pid: number): string | undefined {
  return readRow(pid)?.start;
}

/** The same of its group. */
export function processGroup(pid: number): number | undefined {
  return readRow(pid)?.group;
}

function readRow(pid: number): ProcessRow | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

function readProc(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const row = parseStat(Number(name), readFileSync(`/proc/${name}/stat`, "latin1"));
      if (row !== undefined) rows.push(row);
    } catch {
      // It ended meanwhile.
    }
  }
  return rows;
}

/** Field 2 is the command in parentheses and may hold spaces and parentheses; see proc(5). */
function parseStat(pid: number, text: string): ProcessRow | undefined {
  const [state, parent, group, session, , foreground, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (state === undefined || state === "Z" || state === "X") return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    foreground: Number(foreground),
    start: rest[13] ?? "",
  };
}

function askPs(): ProcessRow[] {
  let text: string;
  try {
    text = execFileSync("/bin/ps", ["-A", "-o", "pid=,ppid=,pgid=,tpgid=,lstart="], {
      encoding: "utf8",
      timeout: 5000,
    });
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, group, foreground, start = ""] = match;
    const row = { pid: Number(pid), parent: Number(parent), group: Number(group), foreground: Number(foreground) };
    return [{ ...row, session: 0, start: start.trim() }];
  });
}
