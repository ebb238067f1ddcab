// One run whose last step failed, and what would be done if it was resumed with one edit or another.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { planResume } from "../../../src/session/resume/planResume";
import { type RecordedRun, readRecordedRun } from "../../../src/session/resume/recordedRun";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

const inner = `name: Inner
params:
  region: { default: west }
  zone: { default: a }
steps:
  - { id: one, action: run, with: { command: "echo one {region}" } }
  - { id: two, action: run, with: { command: echo two }, if: "false" }
`;
const outer = `name: Sample
params:
  target: { default: staging }
  token: { secret: true }
steps:
  - { id: build, action: run, with: { command: echo build }, failure_message: no build }
  - { id: check, action: run, with: { command: "echo {target}" } }
  - { id: sign, action: run, with: { command: "echo signed with {token}" } }
  - { id: inner, action: playbook, with: { path: inner.playbook.yaml } }
  - { id: deploy, action: run, with: { command: "exit 3" } }
  - { id: tell, action: run, with: { command: "echo told" } }
`;

let sample: ResumableRuns;
let run: RecordedRun;

beforeAll(async () => {
  sample = await makeResumableRuns();
  await sample.write(inner, "inner");
  const started = await sample.start(await sample.write(outer), { params: { token: "swordfish" } });
  await sample.end(started);
  run = await readRecordedRun(sample.traceOf(started));
});

afterAll(() => sample[Symbol.asyncDispose]());

beforeEach(async () => {
  await sample.write(inner, "inner");
  await sample.write(outer);
});

interface Edit {
  readonly outer?: readonly [from: string | RegExp, to: string];
  readonly inner?: readonly [from: string, to: string];
  readonly params?: Readonly<Record<string, string>>;
  readonly again?: readonly string[];
}

/** "build: does something else", then which steps are taken over and where it goes on. */
async function planFor({ outer: outerEdit, inner: innerEdit, params, again = [] }: Edit) {
  if (outerEdit !== undefined) await sample.write(outer.replace(...outerEdit));
  if (innerEdit !== undefined) await sample.write(inner.replace(...innerEdit), "inner");
  const plan = await planResume(run, { path: run.path, params: { token: "swordfish", ...params } }, again);
  if (plan.type === "unsound") return { problems: plan.loaded.problems, missing: plan.missing };
  return {
    changes: plan.changes.map(({ path, words }) => `${path} ${words}`),
    taken: [...plan.kept.replay.keys()].join(" "),
    next: plan.next?.id,
  };
}

const all = "build check sign inner/one inner/two inner";
const changed = "does something else in the playbook than when it ran";

describe("what a resumed run takes over", () => {
  it.each<[string, Edit, Awaited<ReturnType<typeof planFor>>]>([
    ["all that finished, where nothing was edited", {}, { changes: [], taken: all, next: "deploy" }],
    [
      "all, where the step that failed was edited",
      { outer: ["exit 3", "echo deployed"] },
      { changes: [], taken: all, next: "deploy" },
    ],
    [
      "all, where a finished step has other words for its failure",
      { outer: ["no build", "it did not build"] },
      { changes: [], taken: all, next: "deploy" },
    ],
    [
      "all, in another order",
      { outer: [/( {2}- \{ id: build.*\n)([\s\S]*)$/, "$2$1"] },
      { changes: [], taken: all, next: "deploy" },
    ],
    [
      "all, where a step was added before those that finished",
      { outer: ["steps:\n", "steps:\n  - { id: first, action: run, with: { command: echo first } }\n"] },
      { changes: [], taken: all, next: "first" },
    ],
    [
      "all, where a finished step was taken away: should it come back, it has finished",
      { outer: [/ {2}- \{ id: check.*\n/, ""] },
      { changes: [], taken: all, next: "deploy" },
    ],
    [
      "a changed step, which is told",
      { outer: ["echo build", "echo build it"] },
      { changes: [`build ${changed}`], taken: all, next: "deploy" },
    ],
    [
      "a step of a playbook within it that uses a default which is another one now, which is told",
      { inner: ["default: west", "default: east"] },
      { changes: [`inner/one ${changed}`], taken: all, next: "deploy" },
    ],
    [
      "all, where a default that no step uses is another one now",
      { inner: ["default: a", "default: b"] },
      { changes: [], taken: all, next: "deploy" },
    ],
    [
      "not a step that is to run again",
      { outer: ["echo build", "echo build it"], again: ["build"] },
      { changes: [], taken: "check sign inner/one inner/two inner", next: "build" },
    ],
    [
      "a renamed step by its new name, which is told",
      { outer: ["id: build", "id: make"] },
      {
        changes: ["build was called build when it ran, and is called make now"],
        taken: all.replace("build", "make"),
        next: "deploy",
      },
    ],
    [
      "not a step that was renamed and changed: it is another one",
      {
        outer: [
          "id: build, action: run, with: { command: echo build }",
          "id: make, action: run, with: { command: make }",
        ],
      },
      { changes: [], taken: all, next: "make" },
    ],
    [
      "a step that ran with another value of a parameter, which is told",
      { params: { target: "production" } },
      { changes: ["check ran with another value of target"], taken: all, next: "deploy" },
    ],
    [
      "a step whose output was masked and is wanted now, which is told",
      { outer: ["echo told", "echo {steps.sign.output}"] },
      {
        changes: ["sign has an output that holds a secret, which no trace holds, and tell uses it"],
        taken: all,
        next: "deploy",
      },
    ],
    [
      "a changed step of another playbook, which is told",
      { inner: ["echo one", "echo 1"] },
      { changes: [`inner/one ${changed}`], taken: all, next: "deploy" },
    ],
    [
      "of a playbook of which one step is to run again the others",
      { inner: ["echo one", "echo 1"], again: ["inner/one"] },
      { changes: [], taken: "build check sign inner/two", next: "inner" },
    ],
    [
      "a playbook to which a step was added, which is told",
      { inner: ["steps:\n", "steps:\n  - { id: zero, action: run, with: { command: echo zero } }\n"] },
      { changes: ["inner/zero was added to what inner runs after that finished"], taken: all, next: "deploy" },
    ],
    [
      "the step that runs a playbook with all that ran within it, where it was changed",
      { outer: ["inner.playbook.yaml }", "inner.playbook.yaml }, if: 'true'"] },
      { changes: [`inner ${changed}`], taken: all, next: "deploy" },
    ],
    [
      "nothing of a playbook whose step is to run again",
      { again: ["inner"] },
      { changes: [], taken: "build check sign", next: "inner" },
    ],
  ])("is %s", async (_what, edit, expected) => {
    expect(await planFor(edit)).toEqual(expected);
  });

  it("is nothing while a secret is missing, because no trace holds it", async () => {
    const plan = await planResume(run, { path: run.path, params: {} });
    expect(plan).toMatchObject({
      type: "unsound",
      loaded: { problems: ['Parameter "token" is a secret, which no trace holds: it has to be given again.'] },
      missing: ["token"],
    });
  });

  it("is nothing while the playbook is none", async () => {
    await sample.write("name: [\n");
    const plan = await planResume(run, { path: run.path, params: { token: "swordfish" } });
    expect(plan.type).toBe("unsound");
  });
});
