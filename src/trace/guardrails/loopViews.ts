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
  /** What was recorded of it while the session ran: the highest level, and on which rows which was told. */
  readonly told?: ToldLoop | undefined;
}

export interface ToldLoop {
  readonly level: GuardrailLevel;
  readonly message: string;
  readonly at: readonly { readonly row: number; readonly level: GuardrailLevel; readonly message: string }[];
}

const mostViews = 200;
/** Of one loop. */
const mostTold = 1_000;
/** A step and its call are a few levels apart. */
const mostLevels = 8;

/** In the order in which they began. */
export function loopViews(
  loops: readonly LoopRows[],
  recorded: ReadonlyMap<number, readonly RecordedFinding[]>,
  spans: SpanSource,
  columns: SpanColumns,
): LoopView[] {
  const told = new Map<LoopRows, Told>();
  const alone = new Map<string, Alone>();
  for (const [row, findings] of recorded) {
    for (const finding of findings) {
      const { pattern } = finding;
      const loop = loops.find((found) => found.pattern === pattern && isAbout(row, found.rows, columns));
      if (loop === undefined) addAlone(alone, row, finding);
      else told.set(loop, withFinding(told.get(loop), row, finding));
    }
  }
  const views = [
    ...loops.map((loop): LoopView => {
      const view = describeLoop(loop, spans, columns);
      const isLoop = isLoopPattern(loop.pattern);
      return { ...view, isLoop, ...(told.has(loop) ? { told: told.get(loop) } : {}) };
    }),
    ...[...alone.values()].map(({ pattern, told: own }): LoopView => {
      const isLoop = isLoopPattern(pattern);
      const rows = [...new Set(own.at.map(({ row }) => row))];
      const counts = { length: 1, count: rows.length, failures: 0 };
      return { pattern, tool: "", label: "", ...counts, rows, isLoop, told: own };
    }),
  ];
  const startOf = ({ rows }: LoopView) => columns.startMs[rows[0] ?? 0] ?? 0;
  return views.sort((a, b) => startOf(a) - startOf(b) || (a.rows[0] ?? 0) - (b.rows[0] ?? 0)).slice(0, mostViews);
}

interface Told {
  readonly level: GuardrailLevel;
  readonly message: string;
  readonly at: { row: number; level: GuardrailLevel; message: string }[];
}

interface Alone {
  readonly pattern: GuardrailPattern;
  readonly told: Told;
}

/** The levels of one pattern about one action are told one after the other, on one span each. */
function addAlone(alone: Map<string, Alone>, row: number, finding: RecordedFinding): void {
  const { pattern, message } = finding;
  const name = `${pattern} ${/"(.*?)"/.exec(message)?.[1] ?? ""}`;
  alone.set(name, { pattern, told: withFinding(alone.get(name)?.told, row, finding) });
}

/** The latest words of the highest level stand for all. */
function withFinding(told: Told | undefined, row: number, { level, message }: RecordedFinding): Told {
  const at = told?.at ?? [];
  if (at.length < mostTold) at.push({ row, level, message });
  return told === undefined || levelNumber(level) >= levelNumber(told.level)
    ? { level, message, at }
    : { level: told.level, message: told.message, at };
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
