// Loops and findings of a trace as a panel lists them: what was recorded while the session ran goes before what is found now,
// and both are one where they tell of the same calls.

import type { SpanColumns } from "../spanColumns";
import type { SpanSource } from "../spanSource";
import { describeLoop, type TraceLoop } from "../traceLoops";
import type { LoopRows } from "./foundLoops";
import { type GuardrailLevel, type GuardrailPattern, levelNumber, loopPatterns } from "./guardrail";
import type { RecordedFinding } from "./recordedFindings";

export interface LoopView extends Omit<TraceLoop, "pattern"> {
  readonly pattern: GuardrailPattern;
  /** Calls go round; otherwise it is something else that guardrails watch. */
  readonly isLoop: boolean;
  /** What was recorded of it while the session ran. */
  readonly told?: { readonly level: GuardrailLevel; readonly message: string } | undefined;
}

const mostViews = 200;
/** A step and its call are a few levels apart. */
const mostLevels = 8;

/** In the order in which they began. */
export function loopViews(
  loops: readonly LoopRows[],
  recorded: ReadonlyMap<number, readonly RecordedFinding[]>,
  spans: SpanSource,
  columns: SpanColumns,
): LoopView[] {
  const told = new Map<LoopRows, NonNullable<LoopView["told"]>>();
  const alone = new Map<string, Alone>();
  for (const [row, findings] of recorded) {
    for (const { level, pattern, message } of findings) {
      const loop = loops.find((found) => found.pattern === pattern && isAbout(row, found.rows, columns));
      if (loop === undefined) addAlone(alone, row, { level, pattern, message });
      else if (levelNumber(level) > levelNumber(told.get(loop)?.level ?? "hint") || !told.has(loop)) {
        told.set(loop, { level, message });
      }
    }
  }
  const views = [
    ...loops.map((loop): LoopView => {
      const view = describeLoop(loop, spans, columns);
      const isLoop = isLoopPattern(loop.pattern);
      return { ...view, isLoop, ...(told.has(loop) ? { told: told.get(loop) } : {}) };
    }),
    ...[...alone.values()].map(({ pattern, level, message, rows }): LoopView => {
      const isLoop = isLoopPattern(pattern);
      const counts = { length: 1, count: rows.length, failures: 0 };
      return { pattern, tool: "", label: "", ...counts, rows, isLoop, told: { level, message } };
    }),
  ];
  const startOf = ({ rows }: LoopView) => columns.startMs[rows[0] ?? 0] ?? 0;
  return views.sort((a, b) => startOf(a) - startOf(b) || (a.rows[0] ?? 0) - (b.rows[0] ?? 0)).slice(0, mostViews);
}

interface Alone extends RecordedFinding {
  level: GuardrailLevel;
  message: string;
  readonly rows: number[];
}

/** The levels of one pattern about one action are told one after the other, on one span each. */
function addAlone(alone: Map<string, Alone>, row: number, finding: RecordedFinding): void {
  const name = `${finding.pattern} ${/"(.*?)"/.exec(finding.message)?.[1] ?? ""}`;
  const known = alone.get(name);
  if (known === undefined) {
    alone.set(name, { ...finding, rows: [row] });
    return;
  }
  if (!known.rows.includes(row)) known.rows.push(row);
  if (levelNumber(finding.level) < levelNumber(known.level)) return;
  known.level = finding.level;
  known.message = finding.message;
}

function isLoopPattern(pattern: GuardrailPattern): boolean {
  return (loopPatterns as readonly GuardrailPattern[]).includes(pattern);
}

/** The row is one of them, or the step around one of them. */
function isAbout(row: number, rows: readonly number[], { parent }: SpanColumns): boolean {
  return rows.some((member) => {
    let at = member;
    for (let level = 0; level < mostLevels && at >= 0; level++) {
      if (at === row) return true;
      at = parent[at] ?? -1;
    }
    return false;
  });
}
