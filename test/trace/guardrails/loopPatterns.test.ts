import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultGuardrails, type GuardrailSettings } from "../../../src/trace/guardrails/guardrail";
import { LoopPatterns } from "../../../src/trace/guardrails/loopPatterns";
import type { LoopSign } from "../../../src/trace/guardrails/loopSign";

interface Done {
  readonly key: string;
  readonly outcome: string;
}

const action = fc.record({
  key: fc.constantFrom("a", "b", "c", "d"),
  outcome: fc.constantFrom("=1", "=1", "=1", "=2", "failed", "unknown"),
});
/** Rounds, so that long patterns come about, too. */
const actions = fc
  .array(fc.tuple(fc.array(action, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 6 })), { maxLength: 8 })
  .map((parts) => parts.flatMap(([round, times]) => Array.from({ length: times }, () => round).flat()));
const settings = fc
  .record({
    window: fc.integer({ min: 3, max: 14 }),
    hint: fc.integer({ min: 2, max: 4 }),
    more: fc.integer({ min: 0, max: 2 }),
    maxLength: fc.integer({ min: 1, max: 4 }),
    times: fc.integer({ min: 2, max: 4 }),
    stuckRevisitGap: fc.integer({ min: 1, max: 8 }),
  })
  .map(
    ({ window, hint, more, maxLength, times, stuckRevisitGap }): GuardrailSettings => ({
      ...defaultGuardrails,
      window: Math.max(window, hint + 2 * more),
      repeats: { hint, warn: hint + more, stop: hint + 2 * more },
      cycle: { maxLength, times },
      stuckRevisitGap,
    }),
  );

/** The definitions, each said of the whole list. */
class Oracle {
  readonly #all: readonly string[];
  readonly #done: readonly Done[];
  readonly #settings: GuardrailSettings;

  constructor(done: readonly Done[], settings: GuardrailSettings) {
    this.#done = done;
    this.#all = done.map(({ key, outcome }) => `${key}${outcome}`);
    this.#settings = settings;
  }

  signsAt(at: number): string[] {
    const cycle = this.#cycleAt(at);
    if (cycle !== undefined) return [cycle];
    return [this.#repeatAt(at), this.#revisitAt(at)].filter((sign) => sign !== undefined);
  }

  #isNew(at: number): boolean {
    return this.#all.indexOf(this.#all[at] ?? "") === at;
  }

  #newBetween(from: number, to: number): boolean {
    for (let at = from + 1; at < to; at++) if (this.#isNew(at)) return true;
    return false;
  }

  #level(count: number): string {
    const { warn, stop } = this.#settings.repeats;
    return count >= stop ? "stop" : count >= warn ? "warn" : "hint";
  }

  #repeatAt(at: number): string | undefined {
    const { window, repeats } = this.#settings;
    const within: number[] = [];
    for (let before = Math.max(0, at - window + 1); before <= at; before++) {
      if (this.#all[before] === this.#all[at]) within.push(before);
    }
    if (within.length < repeats.hint) return undefined;
    const isSuccess = this.#done[at]?.outcome.startsWith("=");
    const stuck = within.filter((place) => !isSuccess || !this.#newBetween(place, at + 1)).length;
    return `repeat ${this.#level(stuck)} ${stuck >= repeats.hint ? stuck : within.length} ${stuck >= repeats.hint}`;
  }

  #cycleAt(at: number): string | undefined {
    const { cycle, repeats } = this.#settings;
    for (let length = 2; length <= cycle.maxLength; length++) {
      const last = this.#all.slice(Math.max(0, at - length + 1), at + 1);
      if (last.length < length || new Set(last).size === 1) continue;
      let rounds = 1;
      while (this.#round(at, length, rounds) === last.join()) rounds++;
      if (rounds < cycle.times) continue;
      return `cycle ${rounds >= Math.max(repeats.stop, cycle.times) ? "stop" : "warn"} ${rounds} true`;
    }
    return undefined;
  }

  #round(at: number, length: number, back: number): string {
    const from = at - length * (back + 1) + 1;
    return from < 0 ? "" : this.#all.slice(from, from + length).join();
  }

  #revisitAt(at: number): string | undefined {
    const before = this.#before(at);
    if (before < 0 || at - before - 1 < this.#settings.stuckRevisitGap) return undefined;
    const visits = this.#visits(at);
    return `revisit ${this.#level(visits)} ${visits} ${visits >= this.#settings.repeats.hint}`;
  }

  #visits(at: number): number {
    const before = this.#before(at);
    if (before < 0) return 1;
    if (at - before - 1 < this.#settings.stuckRevisitGap) return this.#visits(before);
    return this.#newBetween(before, at) ? 2 : this.#visits(before) + 1;
  }

  #before(at: number): number {
    return at === 0 ? -1 : this.#all.lastIndexOf(this.#all[at] ?? "", at - 1);
  }
}

function signsOf(done: readonly Done[], chosen: GuardrailSettings): (readonly LoopSign[])[] {
  const patterns = new LoopPatterns(chosen);
  return done.map(({ key, outcome }, index) => {
    const isFailed = outcome === "failed";
    return patterns.add({ index, key, outcome, isFailed, isWait: false, isPolling: false }) ?? [];
  });
}

const told = ({ pattern, level, count, isLoop }: LoopSign) => `${pattern} ${level} ${count} ${isLoop}`;

describe("the patterns of loops", () => {
  it("are those that the definitions give, whatever is done", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(actions, settings, (done, chosen) => {
        const oracle = new Oracle(done, chosen);
        const found = signsOf(done, chosen).map((signs) => signs.map(told));
        for (const sign of found.flat()) seen.add(sign.replace(/\d+ /, ""));
        expect(found).toEqual(done.map((_, at) => oracle.signsAt(at)));
      }),
      { numRuns: 500 },
    );
    expect([...seen].filter((sign) => sign.endsWith("true"))).toHaveLength(8);
  });

  it("are told once for each level of a loop, and name actions that were done, in their order", () => {
    fc.assert(
      fc.property(actions, settings, (done, chosen) => {
        const levels = new Map<string, number>();
        for (const [at, signs] of signsOf(done, chosen).entries()) {
          for (const sign of signs) {
            expect(sign.actions.at(-1)).toBe(at);
            expect(sign.actions).toEqual([...new Set(sign.actions)].sort((a, b) => a - b));
            if (sign.pattern !== "cycle") {
              const same = sign.actions.map((index) => JSON.stringify(done[index]));
              expect(new Set(same).size).toBe(1);
              expect(same.length).toBeLessThanOrEqual(sign.count);
            } else if (sign.isNews) expect(sign.actions).toHaveLength(sign.count * sign.length);
            if (!sign.isNews) continue;
            const loop = `${sign.pattern} ${sign.episode}`;
            const level = ["hint", "warn", "stop"].indexOf(sign.level);
            expect(level).toBeGreaterThan(levels.get(loop) ?? -1);
            levels.set(loop, level);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("forget first what was done longest ago", () => {
    const patterns = new LoopPatterns(defaultGuardrails);
    let index = 0;
    const add = (key: string) =>
      patterns.add({ index: index++, key, outcome: "=1", isFailed: false, isWait: false, isPolling: false }) ?? [];
    const others = (count: number) => {
      for (let other = 0; other < count; other++) add(`other ${index}`);
    };
    add("a");
    others(600);
    expect(add("a").map(told)).toEqual(["revisit hint 2 false"]);
    others(600);
    expect(add("a").map(told)).toEqual(["revisit hint 2 false"]);
    others(1_000);
    expect(add("a")).toEqual([]);
  });
});
