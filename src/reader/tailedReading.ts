// What a panel needs of a session that is followed, over the memory that grows.

import type { LiveTrace } from "../trace/liveTrace";
import type { FilesAround } from "../trace/sessionEvidence";
import type { ProbeLiveness } from "../trace/sessionFiles";
import type { SessionReading } from "./sessionSource";

export function tailedReading(live: LiveTrace, files: FilesAround, probe: ProbeLiveness): SessionReading {
  const { rows } = live;
  const { session, problems } = live.facts(files, probe);
  return {
    session,
    spans: rows.spans,
    columns: rows.columns,
    usage: rows.usage,
    tree: rows.tree,
    problems,
    output: rows.output,
    hasTexts: rows.hasTexts,
    // biome-ignore lint/correctness/useYield: what has changed is so little that nobody waits for it.
    *findFailures(state) {
      const failures = rows.findFailures(state);
      return { failures, changedRows: rows.takeChangedRows() };
    },
  };
}
