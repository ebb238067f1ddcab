import { describe, expect, it } from "vitest";
import { type FinishPhase, finishPhases, finishRun } from "../../../src/session/steps/finish";

const combinations = Array.from({ length: 8 }, (_, bits) =>
  finishPhases.filter((_phase, index) => bits & (1 << index)),
);

describe("the end of a run", () => {
  for (const failing of combinations) {
    it(`publishes, then cleans up, then persists, where ${failing.join(", ") || "nothing"} fails`, async () => {
      const calls: string[] = [];
      const work = (phase: FinishPhase) => async () => {
        calls.push(`${phase} begins`);
        await new Promise(setImmediate);
        calls.push(`${phase} ends`);
        if (failing.includes(phase)) throw new Error(`no ${phase}`);
      };
      const failures = await finishRun(
        { publish: work("publish"), cleanUp: work("cleanUp"), persist: work("persist") },
        ({ phase, error }) => calls.push(`${phase} failed: ${(error as Error).message}`),
      );
      const expected = finishPhases.flatMap((phase) => [
        `${phase} begins`,
        `${phase} ends`,
        ...(failing.includes(phase) ? [`${phase} failed: no ${phase}`] : []),
      ]);
      expect(calls).toEqual(expected);
      expect(failures.map(({ phase }) => phase)).toEqual(failing);
    });
  }

  it("goes on where a phase throws at once, and where telling of it throws too", async () => {
    const calls: string[] = [];
    const thrower = (phase: string) => () => {
      calls.push(phase);
      throw new Error(phase);
    };
    const failures = await finishRun(
      { publish: thrower("publish"), cleanUp: thrower("cleanUp"), persist: thrower("persist") },
      thrower("told"),
    );
    expect(calls).toEqual(["publish", "told", "cleanUp", "told", "persist", "told"]);
    expect(failures).toHaveLength(3);
  });
});
