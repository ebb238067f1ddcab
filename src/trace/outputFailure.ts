// Which line of a program's output tells of its failure: the one that names the place to which "Go to Source" leads from
// the command, else the last one that says anything.

import type { OutputRoot } from "./outputIndex";
import type { OutputReader } from "./outputLines";
import { bestPlace, findPlaces } from "./places";
import { oneLine } from "./plainText";
import type { TraceSpan } from "./schema";

/** A command keeps 16 KiB of its output, and the place is in them. */
const mostLooked = 2_000;

/** Undefined where no command failed, or the one that did wrote nothing. */
export function failingLine(reader: OutputReader, spans: readonly TraceSpan[]): number | undefined {
  const root = reader.index.roots.findLast((candidate) => isFailed(spans[candidate.commandRow]));
  const command = spans[root?.commandRow ?? -1];
  if (root === undefined || command === undefined || root.lastLine < 0) return undefined;
  const context = bestPlace(findPlaces(command))?.context;
  return (context === undefined ? undefined : lastNaming(reader, root, context)) ?? lastWithText(reader, root);
}

function isFailed(command: TraceSpan | undefined): boolean {
  return command?.status === "error" && command.interrupted !== true;
}

function lastNaming(reader: OutputReader, root: OutputRoot, context: string): number | undefined {
  for (let line = root.lastLine; line >= Math.max(0, root.lastLine - mostLooked); line--) {
    if (oneLine(reader.text(line)) === context) return line;
  }
  return undefined;
}

function lastWithText(reader: OutputReader, root: OutputRoot): number {
  for (let line = root.lastLine; line >= Math.max(0, root.lastLine - mostLooked); line--) {
    if (reader.text(line).trim() !== "") return line;
  }
  return root.lastLine;
}
