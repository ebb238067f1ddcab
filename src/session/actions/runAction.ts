// The action `run`: a command, given as one line for a shell or as a list of words for none.

import * as z from "zod/mini";
import { filledTextSchema, scalarSchema } from "./actionDefinition";
import type { ActionRunner } from "./actionRunner";

const commandSchema = z.union([filledTextSchema, z.array(z.string()).check(z.minLength(1, "must name a program"))], {
  error: "must be a line for the shell, or a list of the program and its arguments",
});

const schema = z.strictObject({
  command: commandSchema,
  cwd: z.optional(filledTextSchema),
  env: z.optional(z.record(z.string(), scalarSchema)),
  shell: z.optional(filledTextSchema),
});

export const runAction = {
  summary: "Runs a command. Its exit code, its output and the spans it sends are recorded.",
  schema,
  runner: async (): Promise<ActionRunner<z.infer<typeof schema>>> => (await import("./commandRunner")).runCommand,
  describe: {
    command:
      "What to run: one line for the shell, or a list of the program and its arguments for no shell at all. A `{param}` in a line reaches the command as one piece of text, whatever its value.",
    cwd: "Where to run it, relative to the `cwd` of the playbook.",
    env: "Variables of its environment, on top of those of the playbook.",
    shell: "The shell for a command given as a line: `sh`, `bash`, `pwsh`, `cmd` or a path. Default: the system's own.",
  },
} as const;
