// Spans from an outline, so that a test shows the tree that it is about:
//
//   session root 0-100 error
//     tool bash 10-20 error `npm test`
//     generation g2 30- @gpt
//
// Indent is depth; times are in ms, no end is an open span; words after the times are `error`, `interrupted`,
// a command or path in backquotes, a model after `@`, the id of a playbook's step after `#`. A span named attempt_2 is the
// second attempt at what is above it, attempt~2 only has its name. The id of a span is its line number: s0, s1, ...

import { actionKey } from "../../src/trace/actionKey";
import { buildColumns } from "../../src/trace/buildColumns";
import { type Failures, findFailures } from "../../src/trace/failures";
import type { TraceSpan } from "../../src/trace/schema";
import { FLAG, type SpanColumns } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";
import type { SessionState, SessionStatus, StateReason } from "../../src/trace/state";

export function spansOf(outline: string): TraceSpan[] {
  const spans: TraceSpan[] = [];
  const path: { indent: number; id: string }[] = [];
  for (const line of outline.split("\n").filter((text) => text.trim() !== "")) {
    const match = /^(\s*)(\S+) (\S+) (-?\d+)-(\d*)(.*)$/.exec(line);
    if (!match) throw new Error(`No span: ${line}`);
    const [, spaces = "", kind, name = "", start, end, rest = ""] = match;
    while ((path.at(-1)?.indent ?? -1) >= spaces.length) path.pop();
    const spanId = `s${spans.length}`;
    const aim = /`(.*?)`/.exec(rest)?.[1];
    const model = /@(\S+)/.exec(rest)?.[1];
    const attributes = attributesOf(name, /#(\S+)/.exec(rest)?.[1]);
    spans.push({
      spanId,
      parentSpanId: path.at(-1)?.id ?? null,
      name: name.replace(/^attempt[_~]/, "attempt "),
      kind: kind as TraceSpan["kind"],
      startTime: Number(start),
      ...(end === "" ? {} : { endTime: Number(end) }),
      status: /\berror\b/.test(rest) ? "error" : "ok",
      ...(/\binterrupted\b/.test(rest) ? { interrupted: true } : {}),
      ...(aim === undefined ? {} : { input: { command: aim } }),
      ...(model === undefined ? {} : { model: { modelId: model } }),
      ...(attributes === undefined ? {} : { attributes }),
    });
    path.push({ indent: spaces.length, id: spanId });
  }
  return spans;
}

function attributesOf(name: string, stepId: string | undefined): TraceSpan["attributes"] {
  const number = /^attempt_(\d+)$/.exec(name)?.[1];
  if (number !== undefined) return { "tracekeeper.attempt": { number: Number(number) } };
  if (stepId === undefined) return undefined;
  return { "tracekeeper.step": { id: stepId }, "code.file.path": "/home/ann/x.playbook.yaml" };
}

export function stateOf(status: SessionStatus, ...reasons: StateReason[]): SessionState {
  return { status, reasons };
}

/** The failures of a list of spans, with the columns whose flags were set. */
export function failuresOf(spans: readonly TraceSpan[], state: SessionState): Failures & { columns: SpanColumns } {
  const { columns } = buildColumns(spans);
  const keyOf = (row: number) => {
    const span = spans[row];
    if (!span) throw new Error(`Asked for the key of row ${row}, which is no span`);
    return actionKey(span);
  };
  return { ...findFailures(columns, buildTree(columns), keyOf, state), columns };
}

/** One line: `s4 in-progress | failures s2 s4 | recovered s1`. */
export function renderFailures(spans: readonly TraceSpan[], state: SessionState): string {
  const { failingStep, failures, recovered, columns } = failuresOf(spans, state);
  const ids = (rows: Iterable<number>) => [...rows].map((row) => spans[row]?.spanId ?? `#${row}`).join(" ") || "none";
  const flagged = (flag: number) => [...columns.flags.keys()].filter((row) => ((columns.flags[row] ?? 0) & flag) !== 0);
  const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b).join();
  if (flagged(FLAG.failure).join() !== sorted(failures)) return "flags of failures differ from the list";
  if (flagged(FLAG.recovered).join() !== sorted(recovered)) return "flags of recovered rows differ from the list";
  if (flagged(FLAG.failingStep).join() !== (failingStep ? String(failingStep.row) : ""))
    return "failing step flag differs";
  const step = failingStep ? `${ids([failingStep.row])} ${failingStep.rule}` : "none";
  return `${step} | failures ${ids(failures)} | recovered ${ids(recovered)}`;
}
