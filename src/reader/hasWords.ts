// Whether anybody speaks in a trace, for which most spans need not be read: see `hasConversation`.

import { hasConversation } from "../trace/conversation";
import type { TraceSpan } from "../trace/schema";
import { FLAG, kindCodes } from "../trace/spanColumns";
import type { TracePicture } from "./picture";

const codes = Object.fromEntries(kindCodes.map((kind, code) => [kind, code])) as Record<string, number>;

/** @throws TraceReplacedError */
export function hasWords({ columns, spans, session }: TracePicture): boolean {
  const rows = { session: [] as number[], generation: [] as number[] };
  for (let row = 0; row < spans.count; row++) {
    const kind = columns.kind[row];
    if (kind === codes["user-message"]) return true;
    if (kind === codes["text"] && ((columns.flags[row] ?? 0) & FLAG.output) === 0) return true;
    if (kind === codes["session"]) rows.session.push(row);
    else if (kind === codes["generation"]) rows.generation.push(row);
  }
  const isSaid = (...said: (TraceSpan | undefined)[]) =>
    hasConversation({ ...session.header, spans: said.filter((span) => span !== undefined) });
  const [first] = rows.generation;
  if (first === undefined) return false;
  const answer = spans.spanAt(first);
  return (
    rows.session.some((row) => isSaid(spans.spanAt(row), answer)) ||
    rows.generation.some((row) => isSaid(spans.spanAt(row)))
  );
}
