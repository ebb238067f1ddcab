// What is wrong with the files of a session: what was cut, lost or left out, in which file and from which byte on.

import { formatCount } from "../trace/formatValue";
import type { Problem } from "../trace/problem";
import { quantity } from "../trace/problemList";
import { indented } from "./headerLines";
import { paint, type Screen } from "./screen";
import { visibleLine } from "./visibleText";

const mostProblems = 12;

export function* problemLines(
  problems: readonly Problem[],
  snapshotName: string,
  isFull: boolean,
  screen: Screen,
): Iterable<string> {
  if (problems.length === 0) return;
  const order = { error: 0, warning: 1, info: 2 } as const;
  const sorted = [...problems].sort((one, other) => order[one.severity] - order[other.severity]);
  const shown = isFull ? sorted : sorted.slice(0, mostProblems);
  const isNews = sorted.some(({ severity }) => severity !== "info");
  yield paint(
    [{ text: isNews ? "What is wrong with its files" : "Notes", style: isNews ? "warning" : "strong" }],
    screen,
  );
  for (const problem of shown) {
    yield* indented([problemText(problem, snapshotName)], screen, problem.severity === "error" ? "error" : undefined);
  }
  if (shown.length < sorted.length) {
    yield* indented([`… ${quantity(sorted.length - shown.length, "more", "more")}; --full lists all`], screen, "faint");
  }
}

/** "S.1.journal.ndjson, byte 48,112: ..." */
export function problemText({ message, file, offsetBytes, count }: Problem, snapshotName: string): string {
  const at = offsetBytes === undefined ? "" : `, byte ${formatCount(offsetBytes)}`;
  const times = count === undefined ? "" : ` (${formatCount(count)} times)`;
  return visibleLine(`${file ?? snapshotName}${at}: ${message}${times}`);
}
