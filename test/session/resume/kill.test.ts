// Sessions of playbooks are killed with SIGKILL at every boundary of their steps and in the middle of them, and resumed. No
// step that finished runs twice, none is left out, and what comes out is what an undisturbed run has.
// KILL_RUNS=<number> tries so many generated playbooks.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ending, type Kill, KilledRuns } from "./killedRuns";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";
import { type Sample, type SampleStep, samplePlaybook, sampleSteps } from "./samplePlaybooks";

let sample: ResumableRuns;
let killed: KilledRuns;

beforeAll(async () => {
  sample = await makeResumableRuns();
  killed = await KilledRuns.make(sample);
});

afterAll(() => sample[Symbol.asyncDispose]());

const everything: readonly SampleStep[] = [
  { type: "plain" },
  { type: "nested", steps: [{ type: "plain" }, { type: "failing" }] },
  { type: "conditional", earlier: 1, isNegated: false },
  { type: "conditional", earlier: 0, isNegated: false },
  { type: "recovered" },
];

/** @returns how often it was killed */
async function expectSame(playbook: Sample, undisturbed: Ending, kills: readonly Kill[]): Promise<number> {
  const ending = await killed.run(playbook, kills);
  expect(ending.steps).toEqual(undisturbed.steps);
  expect(ending.code === null || ending.code === undisturbed.code).toBe(true);
  expect(new Set(ending.done)).toEqual(new Set(undisturbed.done));
  return ending.kills;
}

const chosenRuns = process.env["KILL_RUNS"];

describe("a session that is killed and resumed", () => {
  it.concurrent.each(["before", "half", "after"] as const)(
    "loses and repeats nothing %s any of its checkpoints",
    async (when) => {
      const playbook = samplePlaybook(everything);
      const undisturbed = await killed.run(playbook, []);
      expect(undisturbed.done).toEqual(["s0", "s1/s0", "s1/s1", "s3", "s4", "s4"]);
      // The start, seven steps, and the end.
      const counts: number[] = [];
      for (let number = 1; number <= 9; number++) {
        counts.push(await expectSame(playbook, undisturbed, [{ type: "checkpoint", number, when }]));
      }
      expect(counts).toEqual(Array<number>(9).fill(1));
    },
  );

  it.concurrent("loses and repeats nothing in the middle of any step, which goes on without it", async () => {
    const playbook = samplePlaybook(everything);
    const undisturbed = await killed.run(playbook, []);
    for (const path of playbook.paths.filter((each) => undisturbed.done.includes(each))) {
      for (const when of ["before", "after"] as const) {
        expect(await expectSame(playbook, undisturbed, [{ type: "step", path, when }])).toBe(1);
      }
    }
  });

  it.concurrent(
    "loses and repeats nothing, whatever the playbook and wherever it is killed, also several times",
    async () => {
      const write = fc.record({
        type: fc.constant("write" as const),
        number: fc.integer({ min: 1, max: 40 }),
        when: fc.constantFrom("before" as const, "half" as const, "after" as const),
      });
      const inStep = fc.record({
        type: fc.constant("step" as const),
        at: fc.nat(20),
        when: fc.constantFrom("before" as const, "after" as const),
      });
      const kills = fc.array(fc.oneof(write, inStep), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(sampleSteps, kills, async (steps, chosen) => {
          const playbook = samplePlaybook(steps);
          const undisturbed = await killed.run(playbook, []);
          const plan = chosen.map((kill): Kill => {
            if (kill.type === "write") return kill;
            const path = playbook.paths[kill.at % playbook.paths.length] ?? "s0";
            return { type: "step", path, when: kill.when };
          });
          await expectSame(playbook, undisturbed, plan);
        }),
        { numRuns: Number(chosenRuns ?? 10), endOnFailure: chosenRuns === undefined },
      );
    },
    chosenRuns === undefined ? undefined : 3_600_000,
  );
});
