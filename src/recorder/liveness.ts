// Whether the process that writes a trace is still there. `gone` only on proof: same boot and same pid namespace and no
// such process, or this very host has booted since. Without proof `unknown`: containers, WSL and network folders.

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "../base/errorCode";
import type { Liveness, WriterIdentity } from "../trace/evidence";
import type { ProbeLiveness } from "../trace/sessionFiles";

/** What `/proc/<pid>/stat` says, where there is one. */
export type ProcessFacts =
  | { readonly type: "absent" }
  /** `start` in the system's own units; undefined where the system does not tell. */
  | { readonly type: "present"; readonly isZombie: boolean; readonly start: string | undefined }
  | { readonly type: "unknown" };

/** The machine on which we run, as seen from this process. */
export interface Machine {
  readonly host: string;
  /** Undefined where the system has none (macOS, Windows). */
  readonly bootId: string | undefined;
  readonly pidNamespace: string | undefined;
  process(pid: number): ProcessFacts;
}

/** @param machine this machine where left out; it is looked at on the first call */
export function makeProbeLiveness(machine?: Machine): ProbeLiveness {
  let known = machine;
  return (writer) => {
    known ??= thisMachine();
    return probeLiveness(writer, known);
  };
}

export function probeLiveness(writer: WriterIdentity, machine: Machine): Liveness {
  if (writer.host === undefined || writer.host !== machine.host) return "unknown";
  if (writer.bootId !== machine.bootId) {
    // One of the two systems has no boot id: WSL and Windows share a host name, and so do a VM and its host at times.
    if (writer.bootId === undefined || machine.bootId === undefined) return "unknown";
    return isSharedName(machine.host) || writer.pidNamespace !== machine.pidNamespace ? "unknown" : "gone";
  }
  if (writer.pidNamespace !== machine.pidNamespace) return "unknown";
  if (writer.pid === undefined || !Number.isSafeInteger(writer.pid) || writer.pid <= 0) return "unknown";
  const facts = machine.process(writer.pid);
  if (facts.type === "unknown") return "unknown";
  if (facts.type === "absent" || facts.isZombie) return "gone";
  // A pid is used again: another start is another process.
  if (writer.processStart !== undefined && facts.start !== undefined && facts.start !== writer.processStart) {
    return "gone";
  }
  return "alive";
}

/** Names that many machines have, so that an equal name is no proof that it is this machine. */
function isSharedName(host: string): boolean {
  return host === "" || /^localhost(\.|$)/i.test(host);
}

/** Reads what the system tells; parts it does not tell are undefined. */
export function thisMachine(): Machine {
  return {
    host: hostname(),
    bootId: readText("/proc/sys/kernel/random/boot_id"),
    pidNamespace: readLink("/proc/self/ns/pid"),
    process: process.platform === "linux" ? readLinuxProcess : signalProcess,
  };
}

function readLinuxProcess(pid: number): ProcessFacts {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    // With `hidepid` another user's process has no entry, but it still answers to a signal. ESRCH: it ended meanwhile.
    return errorCode(error) === "ESRCH" ? { type: "absent" } : signalProcess(pid);
  }
  return parseProcStat(text) ?? { type: "unknown" };
}

/**
 * Field 2 is the command in parentheses and may hold spaces and parentheses; field 3 is the state of the main thread,
 * field 20 the number of threads, field 22 the start. A killed process whose main thread is a zombie goes on while another
 * thread waits in the kernel: for a disk that hangs, with a rename that may still come.
 */
export function parseProcStat(text: string): ProcessFacts | undefined {
  const afterCommand = text.lastIndexOf(")");
  if (afterCommand < 0) return undefined;
  const fields = text
    .slice(afterCommand + 1)
    .trim()
    .split(/\s+/);
  const state = fields[0];
  const threads = Number(fields[17]);
  const start = fields[19];
  if (state === undefined || start === undefined) return undefined;
  const isOver = state === "Z" || state === "X" || state === "x";
  return { type: "present", isZombie: isOver && !(threads > 1), start };
}

/** Signal 0 tests for existence on every platform; EPERM means that the process is there and is another user's. */
function signalProcess(pid: number): ProcessFacts {
  try {
    process.kill(pid, 0);
    return { type: "present", isZombie: false, start: undefined };
  } catch (error) {
    const code = errorCode(error);
    if (code === "EPERM" || code === "EACCES") return { type: "present", isZombie: false, start: undefined };
    return code === "ESRCH" ? { type: "absent" } : { type: "unknown" };
  }
}

function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
