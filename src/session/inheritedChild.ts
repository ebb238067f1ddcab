// A program that has our own input and output: nothing of them is seen here.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { startErrorOf } from "./programCommand";
import type { ChildEnd, ChildRequest, RunningChild } from "./runningChild";

/** Rejects with a `StartError`. */
export async function startInheritedChild({ command, cwd, env }: ChildRequest): Promise<RunningChild> {
  const child = spawned({ command, cwd, env });
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code: code ?? undefined, signal: signal ?? undefined, heldStreams: [] });
    });
  });
  try {
    await once(child, "spawn");
  } catch (error) {
    throw startErrorOf(error as Error, command);
  }
  child.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    hasOwnTerminal: false,
    ended,
    get isGone() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    pause: () => undefined,
    resume: () => undefined,
    closeOutput: () => undefined,
  };
}

function spawned({ command, cwd, env }: Pick<ChildRequest, "command" | "cwd" | "env">): ChildProcess {
  try {
    return spawn(command.file, command.args, {
      cwd,
      env,
      stdio: "inherit",
      windowsVerbatimArguments: command.isVerbatim,
    });
  } catch (error) {
    // Some errors are thrown and not told as an event.
    throw startErrorOf(error as Error, command);
  }
}
