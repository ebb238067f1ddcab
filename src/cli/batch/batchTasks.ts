// The tasks that a command line registers.

import { ItemRefused } from "../../batch/runner";
import { isPlaybookFile } from "../../session/batch/playbookSearch";
import { readTaskFile } from "../../session/batch/taskFile";
import { TaskRegistry } from "../../session/batch/taskRegistry";
import type { Tasks } from "../../session/batch/tasks";
import { parameterAssignment } from "../../session/playbook/parameters";
import { UsageError } from "../usageError";

export interface TaskOptions {
  /** `name=command` */
  readonly task?: readonly string[] | undefined;
  readonly tasks?: string | undefined;
}

/** @throws a `UsageError` */
export async function tasksOf({ task = [], tasks: file }: TaskOptions): Promise<Record<string, Tasks[string]>> {
  const tasks: Record<string, Tasks[string]> = {};
  if (file !== undefined) {
    const read = await readTaskFile(file).catch((error: Error) => {
      throw new UsageError(error.message);
    });
    Object.assign(tasks, read);
  }
  const given = new Set<string>();
  for (const word of task) {
    const assigned = parameterAssignment(word);
    if (assigned === undefined || assigned.text.trim() === "") throw new UsageError("--task takes <name>=<command>");
    if (given.has(assigned.name)) throw new UsageError(`The task "${assigned.name}" is given twice`);
    given.add(assigned.name);
    tasks[assigned.name] = { command: assigned.text };
  }
  return tasks;
}

/**
 * The task that a person names, among those that are registered: the path of a playbook may lead anywhere, because a
 * person typed it.
 * @throws a `UsageError` where there is none, or the playbook is unsound
 */
export async function chosenTask(name: string, tasks: Tasks, folder: string): Promise<Tasks> {
  const all = isPlaybookFile(name) && !Object.hasOwn(tasks, name) ? { ...tasks, [name]: { playbook: name } } : tasks;
  const registry = new TaskRegistry(folder, all);
  try {
    const registered = registry.registered(name);
    const task = registered && registry.resolved(registered);
    if (task?.type === "command") return all;
    await registry.playbook(task?.path ?? (await registry.playbookNamed(name)));
    return all;
  } catch (error) {
    throw error instanceof ItemRefused ? new UsageError(error.message.replace(/\.$/, "")) : error;
  }
}
