// What a trace adds up to, for the panel's summary: counts, tokens, cost, tools, loops, slow steps, pauses and a sentence.
// Derived from the spans; rows refer to `SpanColumns`. Whether the session succeeded is not said here: see `state.ts`.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { formatCost, formatCount, formatDuration } from "./formatValue";
import type { GuardrailSettings } from "./guardrails/guardrail";
import { oneLine } from "./plainText";
import { readElidedMark } from "./producerMarks";
import type { SpanKind, TraceSpan } from "./schema";
import { FLAG, kindCodes, type SpanColumns, statusCodes } from "./spanColumns";
import type { SpanSource, TraceHeader } from "./spanSource";
import { loopWords, type TraceLoop, traceLoops } from "./traceLoops";
import { type TraceTimes, timesInSteps } from "./traceTimes";
import { type ModelUsage, type ReportedUsage, type TokenTotals, traceUsage } from "./traceUsage";

const mostTools = 10;
const tool = kindCodes.indexOf("tool");
const failed = statusCodes.indexOf("error");

export interface ToolUsage {
  readonly name: string;
  readonly count: number;
  /** Failed calls, also those that were made good. */
  readonly failures: number;
  /** Milliseconds of the ended calls, which may have run at the same time. */
  readonly durationMs: number;
  /** Row of the first call. */
  readonly firstRow: number;
}

export interface TraceCounts {
  /** Spans in the trace. */
  readonly spans: number;
  /** Spans that the producer left out. */
  readonly elided: number;
  readonly kinds: Readonly<Record<SpanKind, number>>;
  readonly ok: number;
  /** Spans of status error, those that were made good included; interrupted ones are counted apart. */
  readonly failed: number;
  /** Failures that count and failures that were made good, as `findFailures` marked them. */
  readonly failures: number;
  readonly recovered: number;
  readonly interrupted: number;
  readonly open: number;
}

export interface TraceSummaryView extends TraceTimes {
  readonly tokens?: TokenTotals | undefined;
  /** US dollars, as reported. */
  readonly cost?: number | undefined;
  readonly usageSource: "spans" | "summary" | "none";
  readonly models: readonly ModelUsage[];
  /** At most 10, by count. */
  readonly tools: readonly ToolUsage[];
  /** Different tools in all. */
  readonly toolCount: number;
  readonly loops: readonly TraceLoop[];
  readonly counts: TraceCounts;
  /** Whole sentences, plain text; "" for a trace without a step. */
  readonly narrative: string;
  /** The producer's own sentence, where it wrote one. */
  readonly producerNarrative?: string | undefined;
}

/** What a summary is made of. */
export interface SummarizedTrace {
  readonly header: Pick<TraceHeader, "summary">;
  readonly spans: SpanSource;
  /** With `findFailures` run on them where failures are to be told from recovered ones. */
  readonly columns: SpanColumns;
  readonly usage: ReportedUsage;
  /** How loops are told from repeats that are none. */
  readonly guardrails?: GuardrailSettings | undefined;
}

/** Reads few spans: those that were left out, those of models that columns do not know, and inputs that may be a loop's. */
export function summarizeTrace(trace: SummarizedTrace): TraceSummaryView {
  return finish(summaryInSteps(trace));
}

/** The same, with pauses in which others can be served. */
export function* summaryInSteps({
  header,
  spans,
  columns,
  usage,
  guardrails,
}: SummarizedTrace): Steps<TraceSummaryView> {
  const { startMs, endMs, wallMs, busyMs, gaps, slowest } = yield* timesInSteps(columns);
  const { tokens, cost, source, models } = yield* traceUsage(header, spans, columns, usage);
  const tools = yield* toolUsage(spans, columns);
  const loops = yield* traceLoops(header, spans, columns, guardrails);
  const view = {
    startMs,
    endMs,
    wallMs,
    busyMs,
    gaps,
    slowest,
    tokens,
    cost,
    usageSource: source,
    models,
    tools: tools.slice(0, mostTools),
    toolCount: tools.length,
    loops,
    counts: countSpans(spans, columns),
  };
  const told = header.summary.narrative;
  return {
    ...view,
    narrative: narrate(view),
    producerNarrative: told === undefined ? undefined : oneLine(told, 1_000),
  };
}

function* toolUsage(spans: SpanSource, columns: SpanColumns): Steps<ToolUsage[]> {
  const tools = new Map<
    string,
    { name: string; count: number; failures: number; durationMs: number; firstRow: number }
  >();
  for (let row = 0; row < spans.count; row++) {
    if (row % rowsPerStep === 0) yield;
    if (columns.kind[row] !== tool) continue;
    const name = spans.toolNameAt(row);
    let usage = tools.get(name);
    if (usage === undefined) {
      usage = { name: oneLine(name), count: 0, failures: 0, durationMs: 0, firstRow: row };
      tools.set(name, usage);
    }
    usage.count++;
    if (columns.status[row] === failed && ((columns.flags[row] ?? 0) & FLAG.interrupted) === 0) usage.failures++;
    const durationMs = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
    if (!Number.isNaN(durationMs)) usage.durationMs += durationMs;
  }
  return [...tools.values()].sort(
    (a, b) => b.count - a.count || b.durationMs - a.durationMs || a.firstRow - b.firstRow,
  );
}

function countSpans(spans: SpanSource, columns: SpanColumns): TraceCounts {
  const ofKind = kindCodes.map(() => 0);
  const counts = { ok: 0, failed: 0, failures: 0, recovered: 0, interrupted: 0, open: 0, elided: 0 };
  for (let row = 0; row < spans.count; row++) {
    const flags = columns.flags[row] ?? 0;
    const kind = columns.kind[row] ?? 0;
    ofKind[kind] = (ofKind[kind] ?? 0) + 1;
    if ((flags & FLAG.elided) !== 0) counts.elided += elidedBy(spans.shortSpanAt(row));
    if ((flags & FLAG.failure) !== 0) counts.failures++;
    if ((flags & FLAG.recovered) !== 0) counts.recovered++;
    if ((flags & FLAG.interrupted) !== 0) counts.interrupted++;
    else if (columns.status[row] === failed) counts.failed++;
    else if ((flags & FLAG.open) !== 0) counts.open++;
    else counts.ok++;
  }
  const kinds = Object.fromEntries(kindCodes.map((kind, code) => [kind, ofKind[code] ?? 0])) as TraceCounts["kinds"];
  return { spans: spans.count, kinds, ...counts };
}

function elidedBy(span: TraceSpan | undefined): number {
  return (span && readElidedMark(span)?.elided) ?? 0;
}

function narrate(view: Omit<TraceSummaryView, "narrative" | "producerNarrative">): string {
  const { counts, tools, loops, gaps } = view;
  const idleMs = gaps.reduce((sum, gap) => sum + gap.endMs - gap.startMs, 0);
  const most = tools.slice(0, 3).map((tool) => `${tool.name} (${formatCount(tool.count)})`);
  const failed = countOf(counts.failures, "step failed", "steps failed");
  const recovered = countOf(counts.recovered, "failure was made good", "failures were made good");
  const steps = stepsOf(view);
  if (steps === "") return "";
  const sentences = [
    steps,
    most.length === 0 ? "" : `Most used: ${listOf(most, most.length)}`,
    join([failed, recovered]),
    loopsOf(loops),
    idleMs === 0 ? "" : `Nothing ran for ${formatDuration(idleMs)}`,
    counts.elided === 0 ? "" : `${formatCount(counts.elided)} spans were left out by the producer`,
    join([
      view.tokens === undefined ? "" : `${formatCount(view.tokens.total)} tokens`,
      view.cost === undefined ? "" : formatCost(view.cost),
    ]),
  ];
  return sentences.flatMap((sentence) => (sentence === "" ? [] : `${sentence}.`)).join(" ");
}

/** "9 model calls and 34 tool calls in 1 m 13 s with claude-sonnet-4-5"; "" where there is no step. */
function stepsOf({ counts, models, wallMs }: Pick<TraceSummaryView, "counts" | "models" | "wallMs">): string {
  const steps = [
    countOf(counts.kinds.generation, "model call", "model calls"),
    countOf(counts.kinds.tool, "tool call", "tool calls"),
    countOf(counts.kinds.span, "other step", "other steps"),
  ].filter((text) => text !== "");
  if (steps.length === 0) return "";
  const names = [...new Set(models.map((usage) => usage.model).filter((model) => model !== ""))];
  const time = wallMs === undefined ? "" : ` in ${formatDuration(wallMs)}`;
  return `${listOf(steps, steps.length)}${time}${names.length === 0 ? "" : ` with ${listOf(names.slice(0, 3), names.length)}`}`;
}

function loopsOf(loops: readonly TraceLoop[]): string {
  const [first] = loops;
  if (first === undefined) return "";
  // A sentence is short: what the call is about stands in the list of loops.
  const said = loopWords({ ...first, label: "" });
  return loops.length === 1
    ? said
    : `${said}, and there ${loops.length === 2 ? "is 1 more such loop" : `are ${formatCount(loops.length - 1)} more such loops`}`;
}

function countOf(count: number, one: string, many: string): string {
  if (count === 0) return "";
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function join(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(", ");
}

/** "a", "a and b", "a, b and c", "a, b, c and 2 more". */
function listOf(texts: readonly string[], total: number): string {
  const all = total > texts.length ? [...texts, `${formatCount(total - texts.length)} more`] : texts;
  const last = all.at(-1) ?? "";
  return all.length < 2 ? last : `${all.slice(0, -1).join(", ")} and ${last}`;
}
