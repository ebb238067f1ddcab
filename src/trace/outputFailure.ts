// Which line of a program's output tells of its failure: the one that names the place to which "Go to Source" leads from
// the command, else the last one that says anything.

import type { OutputRoot } from "./outputIndex";
import type { OutputReader } from "./outputLines";
import { bestPlace, findPlaces } from "./places";
import { oneLine } from "./plainText";
import type { TraceSpan } from "./schema";
import type { SpanSource } from "./spanSource";

/** A command keeps 16 KiB of its output, and the place is in them, so it is in so many lines and UTF-16 units with codes. */
const mostLines = 2_000;
const mostLength = 256 * 1024;

/** Undefined where no command failed, or the one that did wrote nothing. */
export function failingLine(reader: OutputReader, spans: SpanSource): number | undefined {
  const root = reader.index.roots.findLast((candidate) => isFailed(spans.shortSpanAt(candidate.commandRow)));
  const command = spans.spanAt(root?.commandRow ?? -1);
  if (root === undefined || command === undefined || root.lastLine < 0) return undefined;
  const context = bestPlace(findPlaces(command))?.context;
  return lastNaming(reader, root, context);
}

function isFailed(command: TraceSpan | undefined): boolean {
  return command?.status === "error" && command.interrupted !== true;
}

/** From the end: each new picture asks for it, so that one walk must do, and a bounded one. */
function lastNaming(reader: OutputReader, root: OutputRoot, context: string | undefined): number {
  const enough = reader.parsedLength + mostLength;
  let lastWithText: number | undefined;
  for (let line = root.lastLine; line >= Math.max(0, root.lastLine - mostLines); line--) {
    if (reader.parsedLength >= enough) break;
    const text = reader.text(line);
    if (lastWithText === undefined && text.trim() !== "") lastWithText = line;
    if (context === undefined ? lastWithText !== undefined : oneLine(text) === context) return line;
  }
  return lastWithText ?? root.lastLine;
}
