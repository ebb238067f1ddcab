// A run of which nothing is known but its output: which step failed, and which line says so.
import { describe, expect, it } from "vitest";
import { actionKey } from "../../src/trace/actionKey";
import { buildColumns } from "../../src/trace/buildColumns";
import { hasConversation } from "../../src/trace/conversation";
import { findFailures } from "../../src/trace/failures";
import { failingLine } from "../../src/trace/outputFailure";
import { outputIndex } from "../../src/trace/outputIndex";
import { OutputReader } from "../../src/trace/outputLines";
import { bestPlace, findPlaces } from "../../src/trace/places";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { spansInMemory } from "../../src/trace/spanSource";
import { buildTree } from "../../src/trace/spanTree";
import type { SessionState } from "../../src/trace/state";
import { commandId, type ProgramTrace, programTrace } from "./outputTrace";

const e = "\u001b";
const vitest = [
  `${e}[31m FAIL ${e}[39m test/tax.test.ts > rounds half even`,
  `${e}[1mAssertionError${e}[22m: expected 10.01 to be 10.02`,
  `${e}[36m ❯ ${e}[2mtest/${e}[22mtax.test.ts:12:28${e}[39m`,
  `${e}[36m ❯ roundHalfEven ${e}[2msrc/${e}[22mtax.ts:41:10${e}[39m`,
  "",
  " Test Files  1 failed (1)",
  "",
].join("\n");

function failed(program: Partial<ProgramTrace> = {}): TraceFile {
  const end = { atMs: 5_000, error: "exit 1", exitCode: 1 };
  return programTrace({ command: "npm test", pieces: [{ atMs: 100, text: vitest }], end, ...program });
}

function failingStepOf(trace: TraceFile, state: SessionState): string | undefined {
  const { columns } = buildColumns(trace.spans);
  const key = (row: number) => {
    const span = trace.spans[row];
    return span === undefined ? "" : actionKey(span);
  };
  const step = findFailures(columns, buildTree(columns), key, state).failingStep;
  return step === undefined ? undefined : `${trace.spans[step.row]?.name} (${step.rule})`;
}

function failingLineOf(trace: TraceFile): string | undefined {
  const index = outputIndex(spansInMemory(trace.spans));
  const reader = index === undefined ? undefined : new OutputReader(index, spansInMemory(trace.spans));
  const line = reader === undefined ? undefined : failingLine(reader, spansInMemory(trace.spans));
  return line === undefined ? undefined : reader?.text(line);
}

const failedState: SessionState = { status: "failed", reasons: [] };
const crashedState: SessionState = { status: "crashed", reasons: [{ type: "killed" }] };

describe("the failing step of a program that only printed", () => {
  it("is its command, whose output leads to the source", () => {
    const trace = failed();
    expect(failingStepOf(trace, failedState)).toBe("command (failed-path)");
    const command = trace.spans.find(({ spanId }) => spanId === commandId) as TraceSpan;
    expect(bestPlace(findPlaces(command))).toMatchObject({ path: "test/tax.test.ts", line: 12 });
  });

  it("leads to its stack, whatever else it named before", () => {
    const text =
      "using src/config.ts:3\nsrc/tax.ts:9 is slow\nError: no rate\n    at total (/repo/src/total.ts:8:26)\n";
    const trace = failed({ pieces: [{ atMs: 1, text }] });
    const command = trace.spans.find(({ spanId }) => spanId === commandId) as TraceSpan;
    expect(bestPlace(findPlaces(command))).toMatchObject({ path: "/repo/src/total.ts", line: 8 });
    expect(failingLineOf(trace)).toBe("    at total (/repo/src/total.ts:8:26)");
  });

  it("is the failed step that it sent, where there is one", () => {
    const step: TraceSpan = {
      spanId: "step",
      parentSpanId: commandId,
      name: "fetch rates",
      kind: "span",
      startTime: Date.UTC(2026, 10, 20, 9, 0, 1),
      endTime: Date.UTC(2026, 10, 20, 9, 0, 2),
      status: "error",
    };
    expect(failingStepOf(failed({ steps: [step] }), failedState)).toBe("fetch rates (failed-path)");
  });

  it("is the command that ran, and not its output, where the session was killed", () => {
    const trace = programTrace({ command: "npm test", pieces: [{ atMs: 10, text: "working\n" }] });
    expect(failingStepOf(trace, crashedState)).toBe("command (in-progress)");
  });

  it("is none where the person stopped it", () => {
    const end = { atMs: 5_000, error: "stopped by the person: interrupt", interrupted: true };
    const trace = programTrace({ command: "npm test", pieces: [{ atMs: 10, text: "working\n" }], end });
    expect(failingLineOf(trace)).toBeUndefined();
  });
});

describe("the failing line", () => {
  it("names the place to which the command leads", () => {
    expect(failingLineOf(failed())).toBe(" ❯ test/tax.test.ts:12:28");
  });

  it("is the last time that it was named", () => {
    const pieces = [
      { atMs: 1, text: vitest },
      { atMs: 2, text: `again\n${vitest}` },
    ];
    const trace = failed({ pieces });
    const index = outputIndex(spansInMemory(trace.spans));
    expect(
      index === undefined
        ? 0
        : failingLine(new OutputReader(index, spansInMemory(trace.spans)), spansInMemory(trace.spans)),
    ).toBe(9);
  });

  it("is the last one with a word, where no place is named", () => {
    expect(failingLineOf(failed({ pieces: [{ atMs: 1, text: "a\nSegmentation fault\n\n \n" }] }))).toBe(
      "Segmentation fault",
    );
  });

  it("is looked for in no more than a bounded part of the end, once", () => {
    const pieces = Array.from({ length: 50 }, (_, piece) => ({
      atMs: piece,
      text: `${"x".repeat(5_000)}\n`.repeat(12),
    }));
    const trace = failed({ pieces: [...pieces, { atMs: 90, text: "bye\n\n" }] });
    const command = trace.spans.find(({ spanId }) => spanId === commandId);
    // No line names that place, so that all of them would be looked at.
    Object.assign(command ?? {}, { output: "Error: no rate\n    at total (/repo/src/total.ts:8:26)\n" });
    const index = outputIndex(spansInMemory(trace.spans));
    if (index === undefined) throw new Error("no output");
    const reader = new OutputReader(index, spansInMemory(trace.spans));
    expect(reader.text(failingLine(reader, spansInMemory(trace.spans)) ?? -1)).toBe("bye");
    expect(reader.parsedLength).toBeGreaterThan(5_000);
    expect(reader.parsedLength).toBeLessThanOrEqual(256 * 1024 + 5_000);
  });

  it("is none where nothing was printed or nothing failed", () => {
    expect(failingLineOf(failed({ pieces: [] }))).toBeUndefined();
    expect(failingLineOf(failed({ end: { atMs: 9 } }))).toBeUndefined();
    expect(failingLineOf(failed({ end: undefined }))).toBeUndefined();
  });
});

it("takes a program's output for no conversation", () => {
  const { spans } = failed();
  expect(hasConversation(spansInMemory(spans), buildColumns(spans).columns)).toBe(false);
});
