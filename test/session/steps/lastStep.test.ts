// What the root says of the step that was begun last, for lists that read no further.
import { describe, expect, it } from "vitest";
import { EventBus } from "../../../src/session/bus/eventBus";
import { recordLastStep } from "../../../src/session/steps/lastStep";
import type { RunEvent, StepRef, StepResult } from "../../../src/session/steps/runEvent";

const step = (path: string, index: number): StepRef => {
  const id = path.slice(path.lastIndexOf("/") + 1);
  return { path, id, index, name: id, action: "run", file: "/p", line: 1, definitionHash: "" };
};
const result = (ref: StepRef) => ({ step: ref, status: "ok" }) as StepResult;

describe("the last step of a run", () => {
  it("is told by the root when it begins and when it is over, and those within it and replayed ones are not", () => {
    const bus = new EventBus<RunEvent>({ nowMs: () => 0, onHandlerError: () => {} });
    const scope = bus.openRun("run");
    const told: unknown[] = [];
    recordLastStep(bus, { attributes: (spanId, json) => told.push([spanId, JSON.parse(json)]) }, "root");
    scope.enableRecording();
    const deploy = step("deploy", 1);
    scope.emit({ type: "stepStarted", step: deploy });
    scope.emit({ type: "stepStarted", step: step("deploy/build", 0) });
    scope.emit({ type: "stepFinished", result: result(step("deploy/build", 0)) });
    scope.emit({ type: "stepFinished", result: result(deploy) });
    const state = scope.runtimeState ?? { sources: [], events: [] };
    const facts = { id: "deploy", index: 1 };
    const expected = [
      ["root", { "tracekeeper.lastStep": { ...facts, isOver: false } }],
      ["root", { "tracekeeper.lastStep": { ...facts, isOver: true } }],
    ];
    expect(told).toEqual(expected);
    scope.setRuntimeState(state);
    expect(scope.replay(({ type }) => type === "stepFinished")).toBe(2);
    expect(told).toEqual(expected);
  });
});
