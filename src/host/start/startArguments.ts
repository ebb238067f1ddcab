// What a keybinding may hand to "Start Traced Session": a command line or the name of a task, instead of the pick.

import * as z from "zod/mini";

const schema = z.union([
  z.object({ command: z.string().check(z.regex(/\S/), z.maxLength(32_768)) }),
  z.object({ task: z.string().check(z.minLength(1)) }),
]);
export type StartArguments = z.infer<typeof schema>;

/** Undefined for anything else, such as what a menu hands over. */
export function startArguments(value: unknown): StartArguments | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
