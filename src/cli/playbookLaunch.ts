// The launch of a playbook from the words of a command line.

import { basename, resolve } from "node:path";
import type { Launch, LaunchedPlaybook } from "../session/launch";
import { parameterAssignment } from "../session/playbook/parameters";
import type { TaskOptions } from "./batch/batchTasks";
import { defaultDirectory } from "./command";
import { sessionIdFor } from "./sessionId";
import { UsageError } from "./usageError";

/** As the extension's setting has it where nobody changed it. */
export const stop = { terminateAfterMs: 5_000, killAfterMs: 5_000 };

export interface PlaybookOptions {
  readonly dir?: string | undefined;
  readonly title?: string | undefined;
  /** `name=value` */
  readonly params?: readonly string[] | undefined;
  /** `name=VARIABLE` */
  readonly paramsFromEnv?: readonly string[] | undefined;
  readonly runId?: string | undefined;
  readonly checkpoints?: boolean | undefined;
  readonly resume?: LaunchedPlaybook["resume"];
  readonly tasks?: Launch["tasks"];
}

export function isPlaybookPath(path: string): boolean {
  return /\.playbook\.ya?ml$/.test(path);
}

export function playbookLaunch(given: string, options: PlaybookOptions): Launch {
  const path = resolve(given);
  const name = basename(path).replace(/\.playbook\.ya?ml$/, "");
  const title = options.title ?? name;
  const sessionId = sessionIdFor([name], options.title);
  const { runId, resume, tasks, checkpoints } = options;
  return {
    version: 1,
    id: sessionId,
    directory: resolve(options.dir ?? defaultDirectory),
    sessionId,
    title,
    program: {
      type: "playbook",
      path,
      params: paramsOf(options),
      ...(runId === undefined ? {} : { runId }),
      ...(checkpoints === undefined ? {} : { checkpoints }),
      ...(resume === undefined ? {} : { resume }),
    },
    cwd: process.cwd(),
    capture: "pipes",
    origin: { type: "playbook", label: name, path },
    stop,
    ...(tasks === undefined ? {} : { tasks }),
  };
}

/** What `--task` and `--tasks` register. @throws a `UsageError` */
export async function namedTasks(options: TaskOptions): Promise<Launch["tasks"]> {
  if (options.task === undefined && options.tasks === undefined) return undefined;
  return await (await import("./batch/batchTasks")).tasksOf(options);
}

/** @throws a `UsageError` that tells all that is wrong with the playbook or with its parameters */
export async function checkPlaybook({ program }: Launch): Promise<void> {
  if (program.type !== "playbook") return;
  // Nobody else needs what reads YAML.
  const { loadPlaybook } = await import("../session/playbookFile");
  const loaded = await loadPlaybook(program);
  if (loaded.type === "unsound") throw new UsageError(loaded.problems.join("; "));
}

function paramsOf({ params = [], paramsFromEnv = [] }: PlaybookOptions): Record<string, string> {
  const values = new Map<string, string>();
  const add = (option: string, word: string, read: (text: string) => string) => {
    const assigned = parameterAssignment(word);
    if (assigned === undefined) throw new UsageError(`--${option} takes <name>=<value>`);
    if (values.has(assigned.name)) throw new UsageError(`The parameter "${assigned.name}" is given twice`);
    values.set(assigned.name, read(assigned.text));
  };
  for (const word of params) add("param", word, (text) => text);
  for (const word of paramsFromEnv) {
    add("param-env", word, (name) => {
      const value = process.env[name];
      if (value === undefined) throw new UsageError(`The environment variable ${name} is not set`);
      return value;
    });
  }
  return Object.fromEntries(values);
}
