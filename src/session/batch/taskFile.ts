// Tasks of batches from a file, JSON or YAML.

import { readFile } from "node:fs/promises";
import { describeError } from "../../base/logger";
import { readYaml } from "../playbook/yamlText";
import { type Tasks, tasksOf } from "./tasks";

/** Rejects with an error in words that names the file, and the task where one is wrong. */
export async function readTaskFile(path: string): Promise<Tasks> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`The tasks can't be read: ${describeError(error)}`);
  }
  // JSON is YAML, too, and a mistake in it is told with its line.
  const { value, problems } = readYaml(text);
  const wrong = problems.find(({ severity }) => severity === "error");
  if (wrong !== undefined) throw new Error(`${path}:${wrong.range.start.line}: ${wrong.message}`);
  const { tasks, problems: ofTasks } = tasksOf(value ?? undefined);
  const [first] = ofTasks;
  if (first === undefined) return tasks;
  throw new Error(`${path}: ${first.task === "" ? "" : `task ${first.task}: `}${first.message}`);
}
