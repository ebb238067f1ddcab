// The JSON schema of playbooks for editors that know schemas but not us, made of the schemas that the parser checks with.

import * as z from "zod/mini";
import type { ActionDefinition } from "../actions/actionDefinition";
import { actions } from "../actions/actions";
import { modelRecovery } from "../actions/modelAction";
import { playbookField } from "./playbookFields";
import { playbookSchema, type recoveryActions } from "./playbookSchema";

type Json = z.core.JSONSchema.BaseSchema;

export function playbookJsonSchema(): Json {
  const schema = schemaOf(playbookSchema);
  describe(schema, [], playbookField);
  const step = below(below(schema, "steps"), "items");
  withActions(step, actions);
  withActions(below(step, "recover"), { run: actions.run, model: modelRecovery } satisfies Record<
    (typeof recoveryActions)[number],
    ActionDefinition
  >);
  return { ...schema, $schema: "http://json-schema.org/draft-07/schema#", title: "Tracekeeper playbook" };
}

function schemaOf(schema: z.ZodMiniType): Json {
  const { $schema: _, "~standard": __, ...json } = z.toJSONSchema(schema, { target: "draft-7", io: "input" }) as Json;
  return json;
}

/** What stands under `with` depends on the action. */
function withActions(use: Json, definitions: Readonly<Record<string, ActionDefinition>>): void {
  const names = Object.keys(definitions);
  const action = below(use, "action");
  action.enum = names;
  (action as Record<string, unknown>)["enumDescriptions"] = names.map((name) => definitions[name]?.summary);
  use.allOf = Object.entries(definitions).map(([name, definition]) => {
    const given = schemaOf(definition.schema);
    describe(given, [], (path) => definition.describe[path.filter((step) => step !== "*").join(".")]);
    const choices = [
      ...((definition.exactlyOne ?? []).length > 0
        ? [{ oneOf: definition.exactlyOne?.map((field) => ({ required: [field] })) }]
        : []),
      ...pairs(definition.atMostOne ?? []).map((pair) => ({ not: { required: pair } })),
    ];
    return {
      if: { properties: { action: { const: name } }, required: ["action"] },
      // biome-ignore lint/suspicious/noThenProperty: the word of JSON schemas.
      then: { properties: { with: { ...given, ...(choices.length > 0 && { allOf: choices }) } } },
    } as Json;
  });
}

function describe(
  schema: Json,
  path: readonly string[],
  textOf: (path: readonly string[]) => string | undefined,
): void {
  const text = textOf(path);
  if (text !== undefined && path.length > 0) schema.description = text;
  for (const [key, each] of Object.entries(schema.properties ?? {})) describe(each as Json, [...path, key], textOf);
  if (typeof schema.additionalProperties === "object") describe(schema.additionalProperties, [...path, "*"], textOf);
  const item = schema.items as Json | undefined;
  // The steps are a list; where a list stands for one value, its items are told of as that one.
  if (item !== undefined) describe(item, path.join(".") === "steps" ? [...path, "*"] : path, textOf);
  for (const branch of schema.anyOf ?? []) describe(branch as Json, path, textOf);
}

function below(schema: Json, key: string): Json {
  const found = key === "items" ? schema.items : schema.properties?.[key];
  if (typeof found !== "object" || Array.isArray(found)) throw new Error(`The schema has no ${key}`);
  return found as Json;
}

function pairs(fields: readonly string[]): string[][] {
  return fields.flatMap((first, index) => fields.slice(index + 1).map((second) => [first, second]));
}
