// Programs that outlive their session, which was killed: they are found, by the step that started them, and ended if wanted.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { thisMachine } from "../../../src/recorder/liveness";
import { canEnd, endLeftPrograms, leftPrograms } from "../../../src/session/resume/leftPrograms";
import { readRecordedRun } from "../../../src/session/resume/recordedRun";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

let sample: ResumableRuns;

beforeEach(async () => {
  sample = await makeResumableRuns();
});

afterEach(async () => {
  await sample.runs.folder.dir.write("work/go", "");
  await sample[Symbol.asyncDispose]();
});

/** Until the test says so, or until its folder is gone. */
const waiting = "while test -e done && ! test -e go; do sleep 0.05; done";
const inner = `name: Inner
steps:
  - { id: waits, action: run, with: { command: "echo $$ >> done; echo waits >> done; ${waiting}" } }
`;
const outer = `name: Outer
steps:
  - { id: server, action: run, with: { command: "echo 0 >> done; { ${waiting}; } > /dev/null 2>&1 & echo $! >> done" } }
  - { id: over, action: run, with: { command: "true" } }
  - { id: inner, action: playbook, with: { path: inner.playbook.yaml } }
`;

async function killed() {
  await sample.write(inner, "inner");
  const run = await sample.start(await sample.write(outer));
  await sample.killAfter(run, "waits");
  const numbers = (await sample.done()).map(Number).filter((number) => number > 0);
  const [server, waits] = numbers.length === 2 ? numbers : [];
  return { recorded: await readRecordedRun(sample.traceOf(run)), pids: { server, waits } };
}

const isLinux = process.platform === "linux";

describe("what a session that was killed has left running", () => {
  it.runIf(isLinux)("is known by its steps, those under way and those that finished, and ended on demand", async () => {
    const { recorded, pids } = await killed();
    const steps = new Map(leftPrograms(recorded).map(({ pid, step }) => [pid, step]));
    expect(steps.get(pids.server ?? 0)).toBe("server");
    expect(steps.get(pids.waits ?? 0)).toBe("inner/waits");
    expect([...steps.values()]).not.toContain("over");
    expect(await endLeftPrograms(recorded, 5000)).toEqual([]);
    expect(leftPrograms(recorded)).toEqual([]);
    for (const pid of Object.values(pids)) {
      const facts = thisMachine().process(pid ?? 0);
      expect(facts.type === "absent" || (facts.type === "present" && facts.isZombie)).toBe(true);
    }
  });

  it("is told of nowhere else: not on another machine, after another boot, nor by a number that is another process's", async () => {
    const { recorded } = await killed();
    const machine = thisMachine();
    expect(leftPrograms(recorded, machine)).not.toEqual([]);
    expect(leftPrograms(recorded, { ...machine, host: "another" })).toEqual([]);
    expect(leftPrograms(recorded, { ...machine, bootId: "another" })).toEqual([]);
    const [program] = recorded.programs.filter(({ step, isOver }) => step !== undefined && !isOver);
    if (program === undefined) throw new Error("Nothing was recorded");
    const later = {
      ...program,
      identity: { ...program.identity, pid: process.pid, processStart: "1" },
      group: undefined,
    };
    expect(leftPrograms({ ...recorded, programs: [later] })).toEqual([]);
    // Without a start its number tells it alone, and it is left alone.
    const { processStart: _, ...numbered } = later.identity;
    const unsure = { ...recorded, programs: [{ ...later, identity: numbered }] };
    const left = leftPrograms(unsure);
    expect(left.map(({ pid }) => pid)).toEqual([process.pid]);
    expect(canEnd(left)).toBe(false);
    expect(await endLeftPrograms(unsure, 0)).toEqual(left);
    expect(leftPrograms({ ...recorded, programs: [{ ...later, identity: numbered, isOver: true }] })).toEqual([]);
  });
});
