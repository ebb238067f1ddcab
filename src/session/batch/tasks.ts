// What a batch can run, as a person has registered it: by name a command, or a playbook. The same shape in the setting
// `tracekeeper.batch.tasks`, in a file and in a launch.

import * as z from "zod/mini";
import { isFields } from "../../trace/soundSpan";

const filled = z.string().check(z.minLength(1, "must not be empty"));

const commandTaskSchema = z.strictObject({
  /** A line for the shell, or a program and its arguments for none. */
  command: z.union([filled, z.array(z.string()).check(z.minLength(1, "must name a program"))], {
    error: "must be a line for the shell, or a list of the program and its arguments",
  }),
  /** Relative to where tasks are at home. */
  cwd: z.optional(filled),
  env: z.optional(z.record(z.string(), z.string())),
  /** For a line. */
  shell: z.optional(filled),
});
export type CommandTask = z.infer<typeof commandTaskSchema>;

const playbookTaskSchema = z.strictObject({
  playbook: filled,
  /** Whether the results of its steps are saved where the playbook itself does not say so; they are where it is left out. */
  checkpoints: z.optional(z.boolean()),
});

export const taskSchema = z.union([commandTaskSchema, playbookTaskSchema]);
export type Task = z.infer<typeof taskSchema>;
export const tasksSchema = z.record(z.string(), taskSchema);
export type Tasks = Readonly<Record<string, Task>>;

/** Undefined where there is none with this name. */
export function ownTask(tasks: Tasks, name: string): Task | undefined {
  return Object.hasOwn(tasks, name) ? tasks[name] : undefined;
}

export interface TaskProblem {
  readonly task: string;
  readonly message: string;
}

/** Takes what is sound; a task may also be its command alone. Undefined is no task at all. */
export function tasksOf(value: unknown): { readonly tasks: Tasks; readonly problems: readonly TaskProblem[] } {
  if (value === undefined || value === null) return { tasks: {}, problems: [] };
  if (!isFields(value)) return { tasks: {}, problems: [{ task: "", message: "tasks must be named: an object" }] };
  const tasks: [string, Task][] = [];
  const problems: TaskProblem[] = [];
  for (const [name, given] of Object.entries(value)) {
    const full = typeof given === "string" || Array.isArray(given) ? { command: given } : given;
    const schema = isFields(full) && "playbook" in full ? playbookTaskSchema : commandTaskSchema;
    const parsed = schema.safeParse(full);
    if (name.trim() === "") problems.push({ task: name, message: "a task needs a name" });
    else if (parsed.success) tasks.push([name, parsed.data]);
    else problems.push({ task: name, message: wordsOf(parsed.error.issues[0]) });
  }
  return { tasks: Object.fromEntries(tasks), problems };
}

function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "is no task";
  const path = issue.path.join(".");
  const words = wordsOfIssue(issue);
  return path === "" ? words : `${path}: ${words}`;
}

/** The library's own words are few where nobody gave others. */
function wordsOfIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `there is no ${issue.keys.map((key) => `"${key}"`).join(" and ")} in a task`;
    case "invalid_type":
      return issue.message.startsWith("Invalid")
        ? `must be a ${typeWords[issue.expected] ?? issue.expected}`
        : issue.message;
    default:
      return issue.message;
  }
}

const typeWords: Readonly<Record<string, string>> = { string: "text", object: "command, or an object with one" };
