// The action `batch`: a run of a task or a playbook for each of many items, a few at a time.

import * as z from "zod/mini";
import { durationSchema } from "../playbook/durationSchema";
import { filledTextSchema } from "./actionDefinition";
import type { ActionRunner } from "./actionRunner";

const fromPattern = /^steps\.[A-Za-z0-9_-]{1,64}\.(?:json|output)(?:\.[A-Za-z0-9_$-]+|\[\d{1,9}\])*$/;

const itemsSchema = z.union(
  [
    z.array(z.unknown()).check(z.minLength(1, "must hold an item")),
    z.strictObject({ file: filledTextSchema }),
    z.strictObject({
      from: z.string().check(z.regex(fromPattern, "must be such as steps.list.json or steps.list.output")),
    }),
  ],
  { error: "must be a list, a `file`, or `from` an earlier step" },
);

const whole = (to: number) => {
  const words = `must be a whole number from 1 to ${to}`;
  return z.int({ error: words }).check(z.minimum(1, words), z.maximum(to, words));
};

const schema = z.strictObject({
  task: z.optional(filledTextSchema),
  playbook: z.optional(filledTextSchema),
  items: itemsSchema,
  concurrency: z.optional(whole(1_000)),
  max_attempts: z.optional(whole(1_000)),
  backoff: z.optional(durationSchema),
  wait: z.optional(z.boolean()),
  name: z.optional(filledTextSchema),
});

export const batchAction = {
  summary: "Runs a task or a playbook for each of many items, a few at a time, each as a session of its own.",
  schema,
  exactlyOne: ["task", "playbook"],
  runner: async (): Promise<ActionRunner<z.infer<typeof schema>>> => (await import("./batchRunner")).runBatch,
  describe: {
    task: "What is run: a task that is registered (setting `tracekeeper.batch.tasks`, or `--task`), or a playbook by its name. A command gets its item as JSON on its standard input.",
    playbook: "The playbook that is run, relative to the folder of this one. An item's fields are its parameters.",
    items:
      "What it is run for: a list, a file, or what came of an earlier step. A text in the list that is nothing but a `{param}` is the value with its type.",
    "items.file": "A JSON array, or one value of JSON a line; relative to the `cwd` of the playbook.",
    "items.from":
      "What came of an earlier step: `steps.<id>.json` or a list within it, or lines of JSON in `steps.<id>.output`.",
    concurrency: "So many runs at once. Default: 4.",
    max_attempts: "Of each run, the first one counted. Default: 1.",
    backoff: "The pause after the first attempt; each further one is twice as long, 30 seconds at most. Default: 1s.",
    wait: "Whether the step waits until all runs have ended, and fails where one of them fails. Default: true. Otherwise the session ends when they have, and the step succeeds.",
    name: "What the batch is called.",
  },
} as const;
