// What may stand at a place of a playbook: its keys, its values and the sentence about each. What stands under `with`
// follows from the action of its step.

import type * as z from "zod/mini";
import type { ActionDefinition } from "../../../session/actions/actionDefinition";
import { type ActionName, actionNames, actions } from "../../../session/actions/actions";
import { modelRecovery } from "../../../session/actions/modelAction";
import { playbookField } from "../../../session/playbook/playbookFields";
import { playbookSchema, recoveryActions } from "../../../session/playbook/playbookSchema";
import { keysAt, schemasAt } from "../../../session/playbook/schemaKeys";
import type { YamlPath } from "../../../session/playbook/yamlText";
import { isFields } from "./playbookOutline";

interface WithPlace {
  readonly definition: ActionDefinition;
  /** Below `with`. */
  readonly path: YamlPath;
}

/** @param root the whole playbook, as far as it can be read */
export function keysOf(path: YamlPath, root: unknown): readonly string[] {
  const inside = withPlace(path, root);
  return inside ? keysAt(inside.definition.schema, inside.path) : keysAt(playbookSchema, path);
}

export function wordsOf(path: YamlPath, root: unknown): string | undefined {
  const inside = withPlace(path, root);
  if (inside === undefined || inside.path.length === 0) return playbookField(path);
  const key = inside.path.filter((step) => typeof step === "string").join(".");
  return Object.hasOwn(inside.definition.describe, key) ? inside.definition.describe[key] : undefined;
}

/** The values that are known of a place where not just any may stand. */
export function valuesOf(
  path: YamlPath,
  root: unknown,
): readonly { readonly value: string; readonly words?: string }[] {
  if (path.at(-1) === "action" && path[0] === "steps") {
    const names: readonly ActionName[] = path.at(-2) === "recover" ? recoveryActions : actionNames;
    return names.map((name) => ({ value: name, words: actions[name].summary }));
  }
  const inside = withPlace(path, root);
  const schemas = inside ? schemasAt(inside.definition.schema, inside.path) : schemasAt(playbookSchema, path);
  return schemas.flatMap((schema) => literalsOf(schema).map((value) => ({ value })));
}

/** Whether a map may stand there. */
export function takesKeys(path: YamlPath, root: unknown): boolean {
  return keysOf(path, root).length > 0;
}

export function actionAt(path: YamlPath, root: unknown): ActionName | undefined {
  const name = path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return typeof step === "number" ? (value as unknown[])[step] : undefined;
    return isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, root);
  return typeof name === "string" && Object.hasOwn(actions, name) ? (name as ActionName) : undefined;
}

function withPlace(path: YamlPath, root: unknown): WithPlace | undefined {
  const [steps, index, key, inner] = path;
  if (steps !== "steps" || index === undefined) return undefined;
  const isRecovery = key === "recover" && inner === "with";
  if (key !== "with" && !isRecovery) return undefined;
  const above = path.slice(0, isRecovery ? 3 : 2);
  const action = actionAt([...above, "action"], root);
  if (action === undefined) return undefined;
  const definition = isRecovery && action === "model" ? modelRecovery : actions[action];
  return { definition, path: path.slice(above.length + 1) };
}

function literalsOf(schema: z.core.$ZodType): readonly string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "boolean") return ["true", "false"];
  if (def.type === "enum") return Object.values(def.entries).map(String);
  return [];
}
