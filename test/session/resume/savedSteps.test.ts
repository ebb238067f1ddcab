// What a resumed run takes over where not all results are saved.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LaunchedPlaybook } from "../../../src/session/launch";
import { planResume } from "../../../src/session/resume/planResume";
import { readRecordedRun } from "../../../src/session/resume/recordedRun";
import type { Run } from "../runs";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

let sample: ResumableRuns;

beforeEach(async () => {
  sample = await makeResumableRuns();
});

afterEach(() => sample[Symbol.asyncDispose]());

/** A step that says what it did, and fails as long as nobody lets it pass. */
const step = (id: string, more = "") =>
  `  - { id: ${id}, action: run, with: { command: "echo ${id} >> done" }${more} }\n`;
const last = `  - { id: last, action: run, with: { command: "echo last >> done; test -e go" } }\n`;
const inner = (id: string, more = "") =>
  `  - { id: ${id}, action: playbook, with: { path: inner.playbook.yaml }${more} }\n`;

async function failed(yaml: string, program?: Partial<LaunchedPlaybook>): Promise<Run> {
  const run = await sample.start(await sample.write(`name: Sample\n${yaml}`), program);
  expect((await sample.end(run)).code).toBe(1);
  await sample.runs.folder.dir.write("work/go", "");
  return run;
}

/** What the resumed run did, and that nobody was asked anything before. */
async function resumed(run: Run): Promise<readonly string[]> {
  const before = await sample.done();
  const recorded = await readRecordedRun(sample.traceOf(run));
  const plan = await planResume(recorded, { path: recorded.path, params: {} });
  expect(plan.type === "sound" && plan.changes).toEqual([]);
  expect((await sample.resume(run)).code).toBe(0);
  return (await sample.done()).slice(before.length);
}

describe("a resumed run", () => {
  it("runs a step again whose result is not saved, and takes the others over", async () => {
    const run = await failed(`steps:\n${step("one")}${step("two", ", checkpoints: false")}${step("three")}${last}`);
    expect(await resumed(run)).toEqual(["two", "last"]);
  });

  it("takes over the one step whose result is saved", async () => {
    const run = await failed(`checkpoints: false\nsteps:\n${step("one")}${step("two", ", checkpoints: true")}${last}`);
    expect(await resumed(run)).toEqual(["one", "last"]);
  });

  it("goes on as its session was begun where the playbook says nothing itself", async () => {
    const yaml = `steps:\n${step("one")}${step("two", ", checkpoints: true")}${last}`;
    const run = await failed(yaml, { checkpoints: false });
    await sample.runs.folder.remove("work/go");
    const again = await sample.start(await sample.write(`name: Sample\n${yaml}`), {
      resume: { path: sample.traceOf(run) },
    });
    expect((await sample.end(again)).code).toBe(1);
    expect([...(await readRecordedRun(sample.traceOf(again))).results.keys()]).toEqual(["two"]);
    await sample.runs.folder.dir.write("work/go", "");
    expect(await resumed(again)).toEqual(["one", "last"]);
  });

  it("takes over what finished within a playbook that alone wants that, and can be resumed again", async () => {
    await sample.write(
      `name: Inner\ncheckpoints: true\nsteps:\n${step("in")}${step("side", ", checkpoints: false")}${last}`,
      "inner",
    );
    const run = await failed(`checkpoints: false\nsteps:\n${step("one")}${inner("deploy")}${step("after")}`);
    const recorded = await readRecordedRun(sample.traceOf(run));
    expect(recorded).toMatchObject({ runId: run.launch.sessionId, name: "Sample", params: {} });
    expect([...recorded.results.keys()]).toEqual(["deploy/in", "deploy/last"]);
    await sample.runs.folder.remove("work/go");
    const again = await sample.start(recorded.path, { resume: { path: sample.traceOf(run) } });
    expect((await sample.end(again)).code).toBe(1);
    expect(await sample.done()).toEqual(["one", "in", "side", "last", "one", "side", "last"]);
    await sample.runs.folder.dir.write("work/go", "");
    expect(await resumed(again)).toEqual(["one", "side", "last", "after"]);
  });

  it("begins a playbook anew that wants nothing saved, and takes it over as a whole once it is through", async () => {
    await sample.write(`name: Inner\ncheckpoints: false\nsteps:\n${step("in")}${last}`, "inner");
    const run = await failed(`steps:\n${step("one")}${inner("deploy")}`);
    expect(await resumed(run)).toEqual(["in", "last"]);
    await sample.runs.folder.remove("work/go");
    await sample.write(`name: Inner\ncheckpoints: false\nsteps:\n${step("in")}`, "inner");
    expect(await resumed(await failed(`steps:\n${inner("deploy")}${last}`))).toEqual(["last"]);
  });

  it("goes by what the playbook says now: a step whose result is not to be taken over any more runs again", async () => {
    const run = await failed(`steps:\n${step("one")}${step("two")}${last}`);
    await sample.write(`name: Sample\nsteps:\n${step("one", ", checkpoints: false")}${step("two")}${last}`);
    expect(await resumed(run)).toEqual(["one", "last"]);
  });
});
