// Every action that a step can name. Adding one is its file and its line here.

import type * as z from "zod/mini";
import type { ActionDefinition } from "./actionDefinition";
import { batchAction } from "./batchAction";
import { httpAction } from "./httpAction";
import { modelAction } from "./modelAction";
import { playbookAction } from "./playbookAction";
import { runAction } from "./runAction";

const definitions = {
  run: runAction,
  http: httpAction,
  model: modelAction,
  playbook: playbookAction,
  batch: batchAction,
} as const;

export type ActionName = keyof typeof definitions;
export const actions: Readonly<Record<ActionName, ActionDefinition>> = definitions;
export const actionNames = Object.keys(definitions) as readonly ActionName[];

/** What stands under `with` of a step with this action, checked, its placeholders not filled yet. */
export type ActionInput<A extends ActionName> = z.infer<(typeof definitions)[A]["schema"]>;
