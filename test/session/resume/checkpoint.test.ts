import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outputJson } from "../../../src/session/playbook/stepResult";
import { checkpointAttributes, readCheckpoint } from "../../../src/session/resume/checkpoint";
import { mostKeptLength } from "../../../src/session/resume/keptResult";
import type { DeliveredRunEvent, StepResult } from "../../../src/session/steps/runEvent";

const scope = { id: "run/build", parentId: "run", runId: "run" };

function finished(values: Partial<StepResult["values"]>, seq = 7): DeliveredRunEvent {
  const step = {
    path: "build",
    id: "build",
    index: 0,
    name: "Build",
    action: "run",
    file: "/home/ann/a.playbook.yaml",
    line: 3,
    definitionHash: "ab",
  };
  const result: StepResult = {
    step,
    status: "ok",
    startMs: 1,
    endMs: 2,
    attempts: 1,
    values: { isOk: true, isSkipped: false, output: "", ...values },
  };
  return { seq, scopeSeq: 2, scope, timeMs: 5, event: { type: "stepFinished", result }, isReplayed: false };
}

/** As a trace gives it back. */
function throughJson(events: readonly DeliveredRunEvent[]) {
  return JSON.parse(JSON.stringify(checkpointAttributes({ number: 1, state: { sources: [scope], events } }))) as Record<
    string,
    unknown
  >;
}

function restored(values: Partial<StepResult["values"]>): StepResult | undefined {
  const event = readCheckpoint(throughJson([finished(values)]))?.state.events[0]?.event;
  return event?.type === "stepFinished" ? event.result : undefined;
}

describe("a checkpoint", () => {
  it("gives back what later steps can ask for, whatever a step has put out", () => {
    const output = fc.oneof(fc.string(), fc.json(), fc.constantFrom("null", "1", "true", ""));
    fc.assert(
      fc.property(output, fc.option(fc.jsonValue(), { nil: undefined }), fc.boolean(), (text, other, isOwn) => {
        const json = isOwn ? other : outputJson(text);
        const values = { output: text, json };
        // As JSON has it: -0 is 0 there.
        const expected = json === undefined ? undefined : JSON.parse(JSON.stringify(json));
        expect(restored(values)?.values).toEqual({ isOk: true, isSkipped: false, output: text, json: expected });
      }),
    );
  });

  it("keeps the end of a long output, and says so", () => {
    const whole = restored({ output: "x".repeat(mostKeptLength) });
    expect(whole?.values.output).toHaveLength(mostKeptLength);
    expect(whole?.isCut).toBeUndefined();
    const cut = restored({ output: `123${"4".repeat(mostKeptLength)}`, json: 5 });
    expect(cut?.values.output).toBe("4".repeat(mostKeptLength));
    expect(cut?.isCut).toBe(true);
    // What is left of it is another number.
    expect(restored({ output: `123${"4".repeat(mostKeptLength)}` })?.values.json).toBeUndefined();
  });

  it("says that a long value is missing that was not the output", () => {
    const result = restored({ output: "short", json: ["x".repeat(mostKeptLength)] });
    expect(result).toMatchObject({ isCut: true, values: { output: "short", json: undefined } });
  });

  it("does not find JSON in an output of which the step had none", () => {
    expect(restored({ output: "[1]", json: undefined })?.values.json).toBeUndefined();
    expect(restored({ output: "[1]", json: [1] })?.values.json).toEqual([1]);
  });

  it("leaves out what is damaged or of a later version, and keeps the rest", () => {
    const attributes = throughJson([finished({}, 1), finished({ output: "two" }, 2), finished({}, 3)]);
    const events = attributes["events"] as Record<string, unknown>[];
    const damaged = [{ ...events[0], event: { type: "something new" } }, events[1], { ...events[2], scope: 5 }, null];
    const read = readCheckpoint({ ...attributes, sources: [null, scope, { id: 3 }], events: damaged });
    expect(read?.state.events.map(({ seq }) => seq)).toEqual([2]);
    expect(read?.state.sources).toEqual([scope]);
  });

  it("is none without its parts", () => {
    for (const value of [undefined, null, 1, "x", [], {}, { number: 0, sources: [], events: [] }, { number: 1 }]) {
      expect(readCheckpoint(value)).toBeUndefined();
    }
  });
});
