// Which finished steps that have changed since run again: as the options say, else as the person at the terminal says.

import { createInterface } from "node:readline/promises";
import type { RecordedRun } from "../session/resume/recordedRun";
import type { StepChange } from "../session/resume/stepChanges";
import { UsageError } from "./usageError";
import { visibleLine } from "./visibleText";

export interface ChoiceOptions {
  readonly "rerun-changed"?: boolean | undefined;
  readonly "keep-changed"?: boolean | undefined;
}

/**
 * @returns paths of the steps that run again
 * @throws a `UsageError` where nobody says what is to be done
 */
export async function chooseAgain(
  { problems }: Pick<RecordedRun, "problems">,
  changes: readonly StepChange[],
  options: ChoiceOptions,
): Promise<readonly string[]> {
  const lost = problems.map((problem) => `${problem}, so that steps which stood in it run again`);
  if (options["rerun-changed"] === true) return changes.map(({ path }) => path);
  const isKept = options["keep-changed"] === true;
  if (lost.length === 0 && (isKept || changes.length === 0)) return [];
  const told = [...lost, ...(isKept ? [] : changes.map(wordsOf))];
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    const keep = lost.length === 0 ? ", --keep-changed takes them as they were" : "";
    throw new UsageError(`${told.join("; ")}. --rerun-changed runs such steps again${keep}`);
  }
  return await ask(lost, isKept ? [] : changes);
}

async function ask(lost: readonly string[], changes: readonly StepChange[]): Promise<readonly string[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  terminal.on("close", () => stop.abort());
  const answer = async (question: string) => {
    try {
      const text = await terminal.question(`${visibleLine(question)} [y/n] `, { signal: stop.signal });
      return /^\s*(y|yes)\s*$/i.test(text) ? true : /^\s*(n|no)\s*$/i.test(text) ? false : undefined;
    } catch {
      throw new UsageError("Nobody said which steps run again, so nothing was run");
    }
  };
  const answered = async (question: string) => {
    for (;;) {
      const said = await answer(question);
      if (said !== undefined) return said;
    }
  };
  try {
    const again: string[] = [];
    for (const words of lost) {
      if (!(await answered(`${words}. Go on?`))) throw new UsageError("Nothing was run");
    }
    for (const change of changes) {
      if (await answered(`${wordsOf(change)} (${change.file}:${change.line}). Run it again?`)) again.push(change.path);
    }
    return again;
  } finally {
    terminal.close();
  }
}

function wordsOf({ path, words }: StepChange): string {
  return `step ${path} ${words}`;
}
