// The end of a playbook's session as it is put together: what is called, in which order, and what the trace says of failures.
import { describe, expect, it } from "vitest";
import { type EndedPlaybook, endPlaybook } from "../../src/session/playbookEnd";
import type { RunResult } from "../../src/session/steps/playbookRun";

const order = [
  "publish",
  "batches.leave",
  "record.makeRoom",
  "scope.close",
  "port.close",
  "actionLog.close",
  "record.finish",
] as const;
type Call = (typeof order)[number];

const words: Readonly<Partial<Record<Call, string>>> = {
  publish: "the status could not be told",
  "batches.leave": "batches could not be left",
  "record.makeRoom": "no room could be made for the end",
  "scope.close": "the run could not be closed",
  "port.close": "the port could not be closed",
  "actionLog.close": "the action log could not be closed",
  "record.finish": "the end could not be recorded",
};

async function end(broken: ReadonlySet<Call>, stop?: RunResult["stop"]) {
  const calls: string[] = [];
  const told: unknown[] = [];
  const unrecorded: string[] = [];
  const called = (call: Call) => {
    calls.push(call);
    if (broken.has(call)) throw new Error(`no ${call}`);
  };
  const step = (call: Call) => async () => called(call);
  const ended = {
    launch: { sessionId: "nobody's", stop: { terminateAfterMs: 0, killAfterMs: 0 } },
    run: { publish: step("publish") },
    result: { isOk: true, error: undefined, stop, results: [], usage: undefined },
    outcome: { exitCode: 0 },
    record: {
      recorder: { path: "/s.json" },
      makeRoom: step("record.makeRoom"),
      finish: async () => {
        called("record.finish");
        return "/s.json";
      },
      crash: (...words: unknown[]) => calls.push(`crash ${words.join(" ")}`),
      sessionEvent: (name: string, { message }: { readonly message?: string }) => told.push(`${name} ${message}`),
    },
    scope: { close: () => called("scope.close") },
    port: { close: step("port.close") },
    batches: { leave: step("batches.leave") },
    actionLog: { close: step("actionLog.close") },
  };
  const path = await endPlaybook(ended as unknown as EndedPlaybook, (reason) => unrecorded.push(reason));
  return { path, calls, told, unrecorded };
}

const yesOrNo = [false, true];
const combinations = yesOrNo.flatMap((publish) =>
  yesOrNo.flatMap((cleanUp) => yesOrNo.map((persist) => ({ publish, cleanUp, persist }))),
);

describe("the end of a playbook", () => {
  it.each(combinations)(
    "publishes, cleans up and persists in this order, and tells what failed: %j",
    async ({ publish, cleanUp, persist }) => {
      const broken = new Set<Call>([
        ...(publish ? (["publish"] as const) : []),
        ...(cleanUp ? (["batches.leave", "scope.close", "port.close"] as const) : []),
        ...(persist ? (["actionLog.close", "record.finish"] as const) : []),
      ]);
      const { path, calls, told, unrecorded } = await end(broken);
      expect(calls).toEqual(order);
      expect(told).toEqual(
        order.filter((call) => broken.has(call)).map((call) => `tracekeeper.run-problem ${words[call]}: no ${call}`),
      );
      expect(path).toBe(persist ? undefined : "/s.json");
      expect(unrecorded).toEqual(persist ? ["no record.finish"] : []);
    },
  );

  it("is a crash with the signal of the terminal where that was closed, after all the rest", async () => {
    const { path, calls } = await end(new Set(), { type: "terminalClosed" });
    expect(calls).toEqual([...order.slice(0, -1), "crash  SIGHUP"]);
    expect(path).toBe("/s.json");
  });
});
