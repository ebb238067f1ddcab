// Which runner runs which action. Each is loaded when the first step needs it.

import { assertNever } from "../../base/assert";
import type { ActionUse } from "../playbook/playbook";
import type { ActionContext, ActionResult } from "./actionRunner";
import type { ActionName } from "./actions";

export async function runAction(use: ActionUse<ActionName>, context: ActionContext): Promise<ActionResult> {
  switch (use.action) {
    case "run":
      return await (await import("./commandRunner")).runCommand(use.with, context);
    case "http":
      return await (await import("./requestRunner")).runRequest(use.with, context);
    case "model":
      return await (await import("./modelRunner")).runModel(use.with, context);
    case "playbook":
      return await (await import("./playbookRunner")).runPlaybook(use.with, context);
    case "batch":
      return { failure: "batches are not there yet", output: "" };
    default:
      return assertNever(use, "action");
  }
}
