// Which capture a run gets: the one that was asked for, unless it can't be had; then the next lesser one, and why.

import type { Launch } from "./launch";
import { loadNodePty, type NodePty } from "./nodePty";
import type { CaptureChoice } from "./sessionRecord";

export interface ChosenCapture extends CaptureChoice {
  /** Where the terminal mode is used. */
  readonly nodePty?: NodePty;
}

export function chooseCapture(
  { capture: asked, nodePty }: Pick<Launch, "capture" | "nodePty">,
  isTerminal: boolean,
): ChosenCapture {
  if (asked !== "terminal") return { asked, used: asked };
  const reason = (why: string) => ({ asked, used: "pipes", reason: why }) as const;
  if (!isTerminal) return reason("this process has no terminal");
  if (nodePty === undefined) return reason("the module node-pty was not found");
  try {
    return { asked, used: asked, nodePty: loadNodePty(nodePty) };
  } catch (error) {
    const [message] = (error instanceof Error ? error.message : String(error)).split("\n");
    return reason(`node-pty can't be loaded: ${message ?? ""}`);
  }
}
