import { describe, expect, it } from "vitest";
import { runNotes } from "../../src/trace/runNotes";
import type { TraceSpan } from "../../src/trace/schema";

function span(attributes: Readonly<Record<string, unknown>>, statusMessage?: string): TraceSpan {
  const base = { spanId: "a", parentSpanId: null, name: "Build", kind: "span", startTime: 1, status: "ok" } as const;
  return { ...base, attributes, ...(statusMessage === undefined ? {} : { statusMessage }) };
}

describe("the notes of a step", () => {
  it("name the session from which it was taken over", () => {
    const attributes = {
      "tracekeeper.step": { id: "build", index: 0, action: "run", attempts: 1, replayed: true },
      "tracekeeper.replayed": { sessionId: "night_1" },
    };
    expect(runNotes(span(attributes))).toMatchObject({ replayedFrom: "night_1", attempts: undefined });
  });

  it("say why it was skipped, how often it was tried, and that its recovery helped", () => {
    const step = { "tracekeeper.step": { attempts: 3, recovered: true }, "tracekeeper.skipped": "not\nnow" };
    expect(runNotes(span(step))).toMatchObject({ skipped: "not now", attempts: 3, isRecovered: true });
  });

  it("tell the error behind a message, and never the message twice", () => {
    expect(runNotes(span({ "tracekeeper.rawError": "exit code 3" }, "No luck"))?.rawError).toBe("exit code 3");
    expect(runNotes(span({ "tracekeeper.rawError": "exit code 3" }, "exit code 3"))).toBeUndefined();
  });

  it.each([{}, { "tracekeeper.step": 7 }, { "tracekeeper.resumed": { sessionId: "x".repeat(301) } }])(
    "are none where nothing is to be said: %j",
    (attributes) => expect(runNotes(span(attributes))).toBeUndefined(),
  );
});
