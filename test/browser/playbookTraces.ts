// Traces of runs of playbooks: one that was resumed, with steps that were not run in it, and one that a guardrail has stopped.
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { madeUpTrace } from "./panelHarness";

export const playbookFile =
  "/home/ann/projects/a-shop-with-a-long-name/playbooks/of-the-night/check-shop.playbook.yaml";

function step(name: string, index: number, more: Partial<TraceSpan> = {}): Partial<TraceSpan> {
  return {
    kind: "span",
    name,
    startTime: 1_000 * index,
    ...more,
    attributes: {
      "tracekeeper.step": { id: name.toLowerCase(), index, action: "run" },
      "code.file.path": playbookFile,
      "code.line.number": 10 * (index + 1),
      ...more.attributes,
    },
  };
}

function action(stepId: string, startTime: number, more: Partial<TraceSpan> = {}): Partial<TraceSpan> {
  const input = { command: `make ${startTime}` };
  const attributes = { "code.file.path": playbookFile, "code.line.number": startTime / 100 + 10 };
  const own = { kind: "tool", name: "run", parentSpanId: stepId, input, attributes } as const;
  return { ...own, startTime, endTime: startTime + 400, ...more };
}

function told(level: string, pattern: string, message: string) {
  return { name: "tracekeeper.guardrail", timeMs: 1, attributes: { level, pattern, message } };
}

const replayed = {
  "tracekeeper.step": { id: "build", index: 0, action: "run", replayed: true },
  "tracekeeper.replayed": { sessionId: "ses_before", startMs: 1, endMs: 2 },
};
export const skipReason = "the condition steps.build.ok does not hold";
const checkpoints = Array.from({ length: 12 }, (_, index) => ({
  name: "tracekeeper.checkpoint",
  timeMs: Date.UTC(2026, 10, 20, 9, 0, index),
  attributes: { entries: [{ type: "result", path: "build" }] },
}));
const problem = { name: "tracekeeper.run-problem", timeMs: 1, attributes: { message: "The log is full" } };

export const resumedRun = madeUpTrace([
  { kind: "session", name: "Check the shop", endTime: 5_000, events: [...checkpoints, problem] },
  step("Build", 0, { startTime: 100, endTime: 100, attributes: replayed }),
  step("Check", 1, { spanId: "check", endTime: 1_500 }),
  action("check", 1_000),
  step("Tell", 2, { startTime: 2_000, endTime: 2_000, attributes: { "tracekeeper.skipped": skipReason } }),
]);

const failed = { status: "error", statusMessage: "exit code 1" } as const;
export const stopReason = 'consecutive errors: 5 actions failed one after the other, the last one "run make 5000"';
export const stoppedRun: TraceFile = madeUpTrace(
  [
    {
      kind: "session",
      name: "Release",
      endTime: 6_000,
      ...failed,
      statusMessage: `stopped by a guardrail: ${stopReason}`,
    },
    ...[1, 2, 3, 4, 5].flatMap((index) => [
      step(`Ask ${index}`, index, { spanId: `ask${index}`, endTime: 1_000 * index + 500, ...failed }),
      action(`ask${index}`, 1_000 * index, {
        ...failed,
        ...(index === 3 ? { events: [told("warn", "failure-cluster", "failure cluster: 3 of 5 actions failed")] } : {}),
        ...(index === 4 ? { events: [told("hint", "token-budget", "token budget: half is used")] } : {}),
        ...(index === 5 ? { events: [told("stop", "consecutive-errors", stopReason)] } : {}),
      }),
    ]),
  ],
  { summary: { status: "error", error: `stopped by a guardrail: ${stopReason}` } },
);
