// Which keys a schema knows at a place: the same answer for the words of a problem and for what the editor offers.

import type * as z from "zod/mini";

type Schema = z.core.$ZodType;

/** Empty where any key is allowed, or none. Where a schema has branches, the keys of all of them. */
export function keysAt(schema: Schema, path: readonly (string | number)[]): readonly string[] {
  return [...new Set(schemasAt(schema, path).flatMap((each) => Object.keys(shapeOf(each) ?? {})))];
}

/** The schemas of what may stand at a place, without what only wraps them. */
export function schemasAt(schema: Schema, path: readonly (string | number)[]): readonly Schema[] {
  return path.reduce<readonly Schema[]>(
    (schemas, step) => schemas.flatMap((each) => branches(below(each, step))),
    branches(schema),
  );
}

export function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "object" ? def.shape : undefined;
}

function below(schema: Schema, step: string | number): Schema | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return Object.hasOwn(def.shape, step) ? def.shape[step] : undefined;
    case "record":
      return def.valueType;
    case "array":
      return typeof step === "number" ? def.element : undefined;
    default:
      return undefined;
  }
}

function branches(schema: Schema | undefined): readonly Schema[] {
  if (schema === undefined) return [];
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
      return branches(def.innerType);
    case "union":
      return def.options.flatMap(branches);
    default:
      return [schema];
  }
}
