// The action `playbook`: another playbook as one step of this one.

import * as z from "zod/mini";
import { filledTextSchema, scalarSchema } from "./actionDefinition";
import type { ActionRunner } from "./actionRunner";

const schema = z.strictObject({
  path: filledTextSchema,
  params: z.optional(z.record(z.string(), scalarSchema)),
});

export const playbookAction = {
  summary: "Runs another playbook as one step.",
  schema,
  runner: async (): Promise<ActionRunner<z.infer<typeof schema>>> => (await import("./playbookRunner")).runPlaybook,
  describe: {
    path: "The other playbook, relative to the folder of this one.",
    params: "Its parameters. A text that is nothing but a `{param}` hands the value on with its type.",
  },
} as const;
