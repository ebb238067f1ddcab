// The process of one attempt's session: started so that it outlives us, and stopped as a person would stop it. It leads a
// process group of its own, in which its program is, too.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { describeError } from "../../base/logger";
import { thisMachine } from "../../recorder/liveness";
import type { LaunchClaim } from "../launch";
import { endLeftProcesses } from "../leftProcesses";
import { sessionCommand } from "../sessionCommand";

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  readonly end: ProcessEnd | undefined;
  kill(): void;
  /** It goes on without us, and keeps our process no longer. */
  letGo(): void;
}

export interface SessionProgram {
  /** Node, or the Electron that runs as Node. */
  readonly execPath: string;
  /** Path of `session.js`, or of another program that takes `--launch <file>`. */
  readonly path: string;
  readonly isElectron: boolean;
}

const stopLimitMs = 5_000;

/**
 * @param stdinPath what its program reads; nothing where it is left out
 * @param environment of the session, and so of its program
 * Rejects with the system's error
 */
export async function startSession(
  { execPath, path, isElectron }: SessionProgram,
  launchPath: string,
  cwd: string,
  stdinPath: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<StartedProcess> {
  // The system would say that the program was not found.
  if (!existsSync(cwd)) throw new Error(`the folder ${cwd} does not exist`);
  const { file, args, env } = sessionCommand({ execPath, program: path, launchPath, isElectron });
  const stdin = stdinPath === undefined ? undefined : openSync(stdinPath, "r");
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      cwd,
      env: { ...environment, ...env },
      stdio: [stdin ?? "ignore", "ignore", "ignore"],
      detached: true,
      windowsHide: true,
    });
  } finally {
    if (stdin !== undefined) closeSync(stdin);
  }
  let end: ProcessEnd | undefined;
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once("exit", (code, signal) => {
      end = { code, signal };
      resolve(end);
    });
  });
  await once(child, "spawn");
  // A signal that can't be sent is told to whoever sends it.
  child.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    ended,
    get end() {
      return end;
    },
    kill: () => child.kill("SIGKILL"),
    letGo: () => child.unref(),
  };
}

/** Whether the process that made the claim is still there. */
export function isClaimantThere({ pid, processStart }: LaunchClaim): boolean {
  const facts = thisMachine().process(pid);
  if (facts.type === "unknown") return true;
  if (facts.type === "absent" || facts.isZombie) return false;
  return processStart === undefined || facts.start === undefined || facts.start === processStart;
}

/**
 * Asks for a stop: its program is interrupted, terminated, killed, as its launch says.
 * @returns why it could not be asked for
 */
export async function requestStop(claim: LaunchClaim): Promise<string | undefined> {
  const { control, pid } = claim;
  if (control !== undefined) {
    try {
      const headers = { authorization: `Bearer ${control.token}` };
      const signal = AbortSignal.timeout(stopLimitMs);
      const response = await fetch(`${control.url}/stop`, { method: "POST", headers, signal });
      await response.body?.cancel();
      if (response.ok) return undefined;
    } catch {
      // It has ended, or its port was closed: a signal says the same.
    }
  }
  try {
    if (isClaimantThere(claim)) process.kill(pid, "SIGTERM");
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** The last resort: the session and its program, without another word. */
export function killSession(claim: LaunchClaim): void {
  if (!isClaimantThere(claim)) return;
  for (const target of process.platform === "win32" ? [claim.pid] : [-claim.pid, claim.pid]) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

/** What a session that was killed has left running is ended, so that the next attempt is alone. Known on Linux alone. */
export async function endOrphans(sessionId: string, { pid }: LaunchClaim, patienceMs: number): Promise<void> {
  await endLeftProcesses(sessionId, patienceMs, pid);
}
