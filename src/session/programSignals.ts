// Sends signals to a program and to everything that belongs to it. What was seen of it once is remembered: when the program
// itself is gone, nothing leads to the rest any more.

import { execFile } from "node:child_process";
import { thisMachine } from "../recorder/liveness";
import { listProcesses, type ProcessRow, programProcesses, startOf } from "./processTree";
import type { RunningChild } from "./runningChild";
import type { StopStep } from "./stopLadder";

const signals: Readonly<Record<StopStep, NodeJS.Signals>> = {
  interrupt: "SIGINT",
  terminate: "SIGTERM",
  kill: "SIGKILL",
};

export class ProgramSignals {
  readonly #child: Pick<RunningChild, "pid" | "hasOwnTerminal" | "isGone">;
  /** By pid: the start of the process. */
  readonly #known = new Map<number, string>();

  constructor(child: Pick<RunningChild, "pid" | "hasOwnTerminal" | "isGone">) {
    this.#child = child;
    const start = startOf(child.pid);
    if (start !== undefined) this.#known.set(child.pid, start);
  }

  take(step: StopStep): void {
    if (process.platform === "win32") return this.#endOnWindows(step);
    this.send(signals[step], step === "interrupt");
    // What was started while the others were killed.
    for (let again = 0; step === "kill" && again < 3 && this.isAnyLeft; again++) this.send("SIGKILL");
  }

  /** @param inForeground only to those that Ctrl+C would reach, where that is known */
  send(signal: NodeJS.Signals, inForeground = false): void {
    const processes = this.#processes();
    const { foreground } = processes.find(({ pid }) => pid === this.#child.pid) ?? {};
    const isReached = (row: ProcessRow) => !inForeground || !this.#child.hasOwnTerminal || row.group === foreground;
    const reached = processes.filter(isReached);
    for (const { pid } of reached.length > 0 ? reached : processes) sendTo(pid, signal);
    // The system may have told nothing.
    if (processes.length === 0 && !this.#child.isGone) sendTo(this.#child.pid, signal);
  }

  /**
   * Whether the program itself has ended. The system knows before its end is told: a signal that comes in between must not
   * be taken for the cause.
   */
  get hasEnded(): boolean {
    if (this.#child.isGone) return true;
    const facts = thisMachine().process(this.#child.pid);
    return facts.type === "absent" || (facts.type === "present" && facts.isZombie);
  }

  /** Whether a part of the program that was seen is still there. */
  get isAnyLeft(): boolean {
    return process.platform !== "win32" && this.#processes().length > 0;
  }

  #processes(): ProcessRow[] {
    const rows = listProcesses();
    const { pid: root, hasOwnTerminal, isGone } = this.#child;
    // Once the program is gone its number may become another process's.
    const start = this.#known.get(root);
    const isThere = !isGone && rows.some((row) => row.pid === root && (start === undefined || row.start === start));
    const ofProgram = isThere ? programProcesses(rows, root, hasOwnTerminal) : [];
    const found = new Map(ofProgram.map((row) => [row.pid, row]));
    for (const row of rows) {
      if (this.#known.get(row.pid) !== row.start || found.has(row.pid)) continue;
      for (const below of programProcesses(rows, row.pid, false)) found.set(below.pid, below);
    }
    this.#known.clear();
    for (const { pid, start } of found.values()) this.#known.set(pid, start);
    return [...found.values()];
  }

  #endOnWindows(step: StopStep): void {
    if (this.#child.isGone) return;
    const force = step === "interrupt" ? [] : ["/F"];
    execFile("taskkill", ["/PID", String(this.#child.pid), "/T", ...force], { windowsHide: true }, () => undefined);
  }
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile, or is another user's.
  }
}
