import { describe, expect, it } from "vitest";
import { attemptAll, type FinishPhase, finishPhases, finishRun } from "../../../src/session/steps/finish";

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

  it("attempts all parts of a phase, and tells all that they threw", async () => {
    const calls: number[] = [];
    const part = (number: number, isFailing: boolean) => async () => {
      calls.push(number);
      if (isFailing) throw new Error(`no ${number}`);
    };
    await expect(attemptAll([part(1, true), part(2, false), part(3, true)])).rejects.toThrow("no 1; no 3");
    await expect(attemptAll([part(4, false), part(5, true)])).rejects.toThrow(/^no 5$/);
    await attemptAll([part(6, false)]);
    expect(calls).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
