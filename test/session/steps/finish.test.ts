import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FinishPart, type FinishPhase, finishPhases, finishRun } from "../../../src/session/steps/finish";

type End = "does well" | "fails" | "hangs";
const ends = ["does well", "fails", "hangs"] as const;
const limitsMs: Readonly<Record<FinishPhase, number>> = { publish: 10_000, cleanUp: 20_000, persist: 30_000 };

/** All of three phases with three ends each. */
const combinations = ends.flatMap((publish) =>
  ends.flatMap((cleanUp) => ends.map((persist) => ({ publish, cleanUp, persist }))),
);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Moves the clock until the work is through. @returns how long that took by it */
async function finished(work: Parameters<typeof finishRun>[0], onFailure: Parameters<typeof finishRun>[1] = () => {}) {
  const startMs = Date.now();
  let end: { readonly failures: Awaited<ReturnType<typeof finishRun>>; readonly tookMs: number } | undefined;
  void finishRun(work, onFailure).then((failures) => {
    end = { failures, tookMs: Date.now() - startMs };
  });
  for (let moves = 0; end === undefined && moves < 20; moves++) await vi.advanceTimersToNextTimerAsync();
  if (end === undefined) throw new Error("It never ended");
  return end;
}

describe("the end of a run", () => {
  for (const combination of combinations) {
    const told = finishPhases.map((phase) => `${phase} ${combination[phase]}`).join(", ");
    it(`attempts each phase in its order, and each ends within its limit, where ${told}`, async () => {
      const calls: string[] = [];
      const part = (phase: FinishPhase, end: End): FinishPart => ({
        failureWords: `no ${phase}`,
        limitMs: limitsMs[phase],
        async run() {
          calls.push(`${phase} begins`);
          if (end === "hangs") await new Promise(() => {});
          await Promise.resolve();
          calls.push(`${phase} ends`);
          if (end === "fails") throw new Error("broken");
        },
      });
      const { failures, tookMs } = await finished(
        {
          publish: [part("publish", combination.publish)],
          cleanUp: [part("cleanUp", combination.cleanUp)],
          persist: [part("persist", combination.persist)],
        },
        (failure) => calls.push(`${failure.part.failureWords}: ${(failure.error as Error).message}`),
      );
      const words = { publish: "10.0 s", cleanUp: "20.0 s", persist: "30.0 s" };
      const expected = finishPhases.flatMap((phase) => {
        const end = combination[phase];
        if (end === "hangs") return [`${phase} begins`, `no ${phase}: given up after ${words[phase]}`];
        return [`${phase} begins`, `${phase} ends`, ...(end === "fails" ? [`no ${phase}: broken`] : [])];
      });
      expect(calls).toEqual(expected);
      expect(failures.map(({ phase }) => phase)).toEqual(
        finishPhases.filter((phase) => combination[phase] !== "does well"),
      );
      const hanging = finishPhases.filter((phase) => combination[phase] === "hangs");
      expect(tookMs).toBe(hanging.reduce((sum, phase) => sum + limitsMs[phase], 0));
      expect(vi.getTimerCount()).toBe(0);
    });
  }

  it("goes on where a phase throws at once, and where telling of it throws too", async () => {
    const calls: string[] = [];
    const thrower = (phase: string) => () => {
      calls.push(phase);
      throw new Error(phase);
    };
    const part = (phase: string): FinishPart => ({ failureWords: phase, limitMs: 1000, run: thrower(phase) });
    const { failures } = await finished(
      { publish: [part("publish")], cleanUp: [part("cleanUp")], persist: [part("persist")] },
      thrower("told"),
    );
    expect(calls).toEqual(["publish", "told", "cleanUp", "told", "persist", "told"]);
    expect(failures).toHaveLength(3);
  });

  it("attempts all parts of a phase, those after one that failed or hangs too, and drops what one throws that was given up", async () => {
    const calls: string[] = [];
    const part = (name: string, work: () => Promise<void>): FinishPart => ({
      failureWords: name,
      limitMs: 1000,
      run: async () => {
        calls.push(name);
        await work();
      },
    });
    const late = () => new Promise<void>((_resolve, reject) => setTimeout(() => reject(new Error("too late")), 1500));
    const { failures } = await finished({
      publish: [],
      cleanUp: [
        part("fails", () => Promise.reject(new Error("broken"))),
        part("hangs", () => new Promise(() => {})),
        part("fails late", late),
        part("does well", async () => {}),
      ],
      persist: [part("lasts", () => new Promise((resolve) => setTimeout(resolve, 900)))],
    });
    expect(calls).toEqual(["fails", "hangs", "fails late", "does well", "lasts"]);
    expect(failures.map((failure) => `${failure.part.failureWords}: ${(failure.error as Error).message}`)).toEqual([
      "fails: broken",
      "hangs: given up after 1.0 s",
      "fails late: given up after 1.0 s",
    ]);
  });
});
