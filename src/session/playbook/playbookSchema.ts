// The shape of a playbook file. It only checks and changes nothing, so that the same schema serves the parser, the editor
// and the JSON schema.

import * as z from "zod/mini";
import { guardrailBounds } from "../../trace/guardrails/guardrailProblems";
import { filledTextSchema, scalarSchema } from "../actions/actionDefinition";
import { actionNames } from "../actions/actions";
import { durationSchema } from "./durationSchema";
import { parameterTypes } from "./playbook";

const anyObject = z.record(z.string(), z.unknown());

const whole = (from: number, to?: number) => {
  const words =
    to === undefined ? `must be a whole number from ${from}` : `must be a whole number from ${from} to ${to}`;
  const least = z.int({ error: words }).check(z.minimum(from, words));
  return to === undefined ? least : least.check(z.maximum(to, words));
};
const positive = z.number().check(z.positive("must be more than 0"));

export const parameterName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export const parameterSchema = z.strictObject({
  type: z.optional(z.enum(parameterTypes)),
  default: z.optional(scalarSchema),
  description: z.optional(z.string()),
  options: z.optional(z.array(scalarSchema).check(z.minLength(1, "must hold an option"))),
  required: z.optional(z.boolean()),
  secret: z.optional(z.boolean()),
});

const counted = (name: keyof typeof guardrailBounds) => {
  const { from, to } = guardrailBounds[name];
  return z.optional(whole(from, to));
};

export const guardrailsSchema = z.strictObject({
  consecutive_errors: counted("consecutive_errors"),
  window: counted("window"),
  repeats: z.optional(
    z.strictObject({ hint: counted("repeats.hint"), warn: counted("repeats.warn"), stop: counted("repeats.stop") }),
  ),
  cycle: z.optional(z.strictObject({ length: counted("cycle.length"), times: counted("cycle.times") })),
  stuck_revisit_gap: counted("stuck_revisit_gap"),
  failure_cluster: z.optional(
    z.strictObject({ failures: counted("failure_cluster.failures"), window: counted("failure_cluster.window") }),
  ),
  budget: z.optional(
    z.strictObject({
      time: z.optional(durationSchema),
      cost: z.optional(positive),
      tokens: z.optional(whole(1)),
    }),
  ),
});

const statusSchema = z.union([whole(100, 599), z.string().check(z.regex(/^[1-5]xx$/, "must be 1xx to 5xx"))], {
  error: "must be a status such as 404, or a class of them such as 2xx",
});
const jsonSchema = z.strictObject({ path: filledTextSchema, equals: z.unknown() });

const oneOrMore = <T extends z.ZodMiniType>(one: T, error: string) =>
  z.union([one, z.array(one).check(z.minLength(1, "must not be an empty list"))], { error });

export const expectSchema = z.strictObject({
  exit_code: z.optional(oneOrMore(whole(0, 4_294_967_295), "must be a whole number or a list of them")),
  output_matches: z.optional(filledTextSchema),
  json: z.optional(oneOrMore(jsonSchema, "must be `path` and `equals`, or a list of them")),
  file_exists: z.optional(oneOrMore(filledTextSchema, "must be a path or a list of them")),
  status: z.optional(oneOrMore(statusSchema, "must be a status such as 404, a class such as 2xx, or a list of them")),
});

const timesSchema = whole(0, 100);
export const retriesSchema = z.union(
  [
    timesSchema,
    z.strictObject({
      times: timesSchema,
      backoff: z.optional(durationSchema),
      factor: z.optional(z.number().check(z.minimum(1, "must be 1 or more"), z.maximum(100, "must be 100 or less"))),
      max: z.optional(durationSchema),
    }),
  ],
  { error: "must be a whole number from 0 to 100, or `times` with `backoff`, `factor` and `max`" },
);

export const recoveryActions = ["run", "model"] as const;

export const recoverSchema = z.strictObject({
  action: z.enum(recoveryActions),
  with: anyObject,
  timeout: z.optional(durationSchema),
});

export const stepSchema = z.strictObject({
  id: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ or -")),
  name: z.optional(filledTextSchema),
  action: z.enum(actionNames as [(typeof actionNames)[number], ...(typeof actionNames)[number][]]),
  with: anyObject,
  expect: z.optional(expectSchema),
  timeout: z.optional(durationSchema),
  retries: z.optional(retriesSchema),
  if: z.optional(z.union([filledTextSchema, z.boolean()], { error: "must be a condition such as steps.build.ok" })),
  failure_message: z.optional(filledTextSchema),
  recover: z.optional(recoverSchema),
  on_failure: z.optional(z.enum(["abort", "continue"])),
  checkpoints: z.optional(z.boolean()),
});

export const playbookSchema = z.strictObject({
  name: filledTextSchema,
  description: z.optional(z.string()),
  params: z.optional(
    z.record(
      z.string().check(z.regex(parameterName, "must begin with a letter and hold letters, digits and _")),
      parameterSchema,
    ),
  ),
  guardrails: z.optional(guardrailsSchema),
  checkpoints: z.optional(z.boolean()),
  env: z.optional(z.record(z.string(), scalarSchema)),
  cwd: z.optional(filledTextSchema),
  steps: z.array(stepSchema).check(z.minLength(1, "must hold a step")),
});

export type PlaybookFile = z.infer<typeof playbookSchema>;
export type StepFile = z.infer<typeof stepSchema>;
export type ParameterFile = z.infer<typeof parameterSchema>;
export type GuardrailsFile = z.infer<typeof guardrailsSchema>;
export type ExpectFile = z.infer<typeof expectSchema>;
