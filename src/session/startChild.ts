// Starts the program as its capture wants it. A terminal that can't be had becomes pipes, and the reason is kept.

import { describeError } from "../base/logger";
import type { ChosenCapture } from "./capture";
import { startInheritedChild } from "./inheritedChild";
import { terminalSize } from "./ownTerminal";
import { startPipesChild } from "./pipesChild";
import { checkStart } from "./programCommand";
import { startPtyChild } from "./ptyChild";
import type { ChildRequest, RunningChild } from "./runningChild";

export interface StartedChild {
  readonly child: RunningChild;
  /** What it has become. */
  readonly capture: ChosenCapture;
}

/** Rejects with a `StartError`. */
export async function startChild(capture: ChosenCapture, request: ChildRequest): Promise<StartedChild> {
  checkStart(request.command, request.cwd, request.env);
  const { asked, used, nodePty } = capture;
  if (used === "none") return { child: await startInheritedChild(request), capture };
  if (used === "pipes" || nodePty === undefined) return { child: await startPipesChild(request), capture };
  try {
    return { child: startPtyChild(nodePty, request, terminalSize()), capture };
  } catch (error) {
    const reason = `a terminal can't be had: ${describeError(error)}`;
    return { child: await startPipesChild(request), capture: { asked, used: "pipes", reason } };
  }
}
