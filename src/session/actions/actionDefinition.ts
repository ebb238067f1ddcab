// What an action is: the schema of its `with`, a sentence for each field, and what runs it. Light on purpose: the editor
// loads it, too, so nothing here or in the definitions reaches for Node, and what runs an action is loaded by a step alone.

import * as z from "zod/mini";
import type { ActionRunner } from "./actionRunner";

export interface ActionDefinition {
  /** One sentence, shown where an action is chosen. */
  readonly summary: string;
  /** What stands under `with`. It only checks: nothing in it changes a value. */
  readonly schema: z.ZodMiniObject<Readonly<Record<string, z.ZodMiniType>>>;
  /** A sentence for each field of `with`; one in an object is named with a dot: `price.input`. */
  readonly describe: Readonly<Record<string, string>>;
  /** Of these fields one has to be there, and only one. */
  readonly exactlyOne?: readonly string[];
  /** Of these fields only one may be there. */
  readonly atMostOne?: readonly string[];
  /** Loads what runs it, which takes what the schema lets through. */
  readonly runner: () => Promise<ActionRunner<never>>;
}

/** What is written as text in the end: YAML has no quotes around `8080` or `true`. */
export const scalarSchema = z.union([z.string(), z.number(), z.boolean()], {
  error: "must be a text, a number, or true or false",
});
export type Scalar = z.infer<typeof scalarSchema>;

export const filledTextSchema = z.string().check(z.minLength(1, "must not be empty"));
