// Runs another playbook as one step: its steps are spans below this one, and it fails where one of them does.

import { dirname, resolve } from "node:path";
import type { ActionContext, ActionResult } from "./actionRunner";

export interface PlaybookInput {
  readonly path: string;
  readonly params?: Readonly<Record<string, string | number | boolean>> | undefined;
}

export async function runPlaybook(input: PlaybookInput, context: ActionContext): Promise<ActionResult> {
  const { texts, step } = context;
  const path = texts.fill(input.path);
  const params = texts.fillTyped(input.params ?? {}) as Readonly<Record<string, unknown>>;
  const opened = await context.openPlaybook(resolve(dirname(step.file), path), params);
  const isSound = opened.type === "sound";
  // Until it is known what of them is secret they are told to nobody.
  context.begin({ kind: "span", name: `playbook ${path}`, input: isSound ? { path, params } : { path } });
  return isSound ? await opened.run() : { failure: opened.failure, output: "" };
}
