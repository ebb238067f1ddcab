// The text of a `*.playbook.yaml` becomes a playbook, or problems that each name their place. It never throws, whatever
// the text, and every range lies within it.

import { buildPlaybook } from "./buildPlaybook";
import { checkPlaybook } from "./checkPlaybook";
import type { Playbook } from "./playbook";
import type { PlaybookProblem } from "./playbookProblem";
import { readYaml } from "./yamlText";

export interface ParsedPlaybook {
  /** Missing where a problem is an error. */
  readonly playbook?: Playbook;
  /** In the order in which they stand in the file. */
  readonly problems: readonly PlaybookProblem[];
}

/** @param path as the playbook carries it from then on; nothing is read from there */
export function parsePlaybook(text: string, path: string): ParsedPlaybook {
  const read = readYaml(text);
  if (!("value" in read)) return { problems: inOrder(read.problems) };
  const { file, problems } = checkPlaybook(read.value, read.yaml);
  const all = inOrder([...read.problems, ...problems]);
  if (file === undefined || all.some(({ severity }) => severity === "error")) return { problems: all };
  return { playbook: buildPlaybook(file, path, read.yaml), problems: all };
}

function inOrder(problems: readonly PlaybookProblem[]): PlaybookProblem[] {
  return [...problems].sort((a, b) => a.range.start.offset - b.range.start.offset);
}
