// Secrets in the paths of playbooks: they stand in no file, and runs are resumed all the same.

import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { planResume } from "../../../src/session/resume/planResume";
import { playbookOfRun } from "../../../src/session/resume/playbookOfRun";
import { readRecordedRun } from "../../../src/session/resume/recordedRun";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

let sample: ResumableRuns;

beforeEach(async () => {
  sample = await makeResumableRuns();
});

afterEach(() => sample[Symbol.asyncDispose]());

const token = "hunter22";

/** Of the folder of traces. */
async function filesThatHold(part: string): Promise<readonly string[]> {
  const traces = sample.runs.folder.traces();
  const entries = await readdir(traces, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => `${parentPath}/${name}`);
  expect(files.length).toBeGreaterThan(2);
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return files.filter((_file, index) => texts[index]?.includes(part));
}

const inner = `name: Inner
params: { of: { default: none } }
steps:
  - { id: one, action: run, with: { command: "echo one >> done" } }
  - { id: deep, action: playbook, with: { path: "{of}-deep.playbook.yaml" } }
  - { id: two, action: run, with: { command: "echo two >> done; test -e go || exit 3" } }
`;
const deep = `name: Deep
steps: [{ id: x, action: run, with: { command: "echo deep >> done" } }]
`;
const outer = `name: Outer
params: { token: { type: string, secret: true } }
steps:
  - { id: inner, action: playbook, with: { path: "{token}-inner.playbook.yaml", params: { of: "{token}" } } }
`;

async function runNested() {
  await sample.write(inner, `${token}-inner`);
  await sample.write(deep, `${token}-deep`);
  const path = await sample.write(outer);
  const run = await sample.start(path, { params: { token } });
  expect((await sample.end(run)).code).toBe(1);
  return { run, path, recorded: await readRecordedRun(sample.traceOf(run)) };
}

describe("a playbook within another one whose path holds a secret", () => {
  it("is masked in checkpoints, in action logs and in the trace, and what finished in it is not run again", async () => {
    const { run, recorded } = await runNested();
    expect(recorded.refs.get("inner/one")?.file).toMatch(/\/•••-inner\.playbook\.yaml$/);
    expect(await filesThatHold(token)).toEqual([]);
    await sample.runs.folder.dir.write("work/go", "");
    const { code, tree } = await sample.resume(run, { params: { token } });
    expect(code).toBe(0);
    expect(tree).toContain("      one ok");
    expect(await sample.done()).toEqual(["one", "deep", "two", "two"]);
    expect(await filesThatHold(token)).toEqual([]);
  });

  it("is found by the path that its step names, and what was edited in it since is pointed out, also further within", async () => {
    const { path, recorded } = await runNested();
    // Others that would fit the path as it is recorded.
    await sample.write(inner, "other-inner");
    await sample.write(deep, "other-deep");
    await sample.write(inner.replace("echo one", "echo 1"), `${token}-inner`);
    await sample.write(deep.replace("echo deep", "echo deeper"), `${token}-deep`);
    const plan = await planResume(recorded, { path, params: { token } });
    const changes = plan.type === "sound" ? plan.changes.map((change) => `${change.path} ${change.file}`) : [];
    const folder = sample.runs.folder.dir.join("work");
    expect(changes).toEqual([
      `inner/one ${folder}/${token}-inner.playbook.yaml`,
      `inner/deep/x ${folder}/${token}-deep.playbook.yaml`,
    ]);
  });

  it("is the only one that fits the recorded path where its step names another one by now", async () => {
    const { path, recorded } = await runNested();
    await sample.write(outer.replace("{token}-inner", "new"));
    await sample.write(inner.replace("echo one", "echo 1"), `${token}-inner`);
    const plan = await planResume(recorded, { path, params: { token } });
    expect(plan.type === "sound" ? plan.changes.map((change) => change.path) : []).toContain("inner");
  });
});

describe("a playbook whose own path holds a secret", () => {
  const yaml = `name: Sample
params: { token: { type: string, secret: true } }
steps:
  - { id: first, action: run, with: { command: "echo first >> done" } }
  - { id: second, action: run, with: { command: "echo second >> done; test -e go || exit 3" } }
`;

  async function failed() {
    const path = await sample.write(yaml, `of-${token}/main`);
    const run = await sample.start(path, { params: { token } });
    expect((await sample.end(run)).code).toBe(1);
    return { run, path, recorded: await readRecordedRun(sample.traceOf(run)) };
  }

  it("is found where its path fits, and resumed, and stands in no file of the trace", async () => {
    const { run, path, recorded } = await failed();
    expect(recorded.path).toMatch(/\/of-•••\/main\.playbook\.yaml$/);
    expect(await playbookOfRun(recorded)).toBe(path);
    // Another playbook that fits is none that was run.
    await sample.write(yaml.replace("name: Sample", "name: Other"), "of-others/main");
    expect(await playbookOfRun(recorded)).toBe(path);
    await sample.runs.folder.dir.write(`work/of-${token}/go`, "");
    expect((await sample.resume(run, { params: { token } })).code).toBe(0);
    expect(await filesThatHold(token)).toEqual([]);
  });

  it("is not guessed where several fit, and where none does", async () => {
    const { recorded } = await failed();
    await sample.write(yaml, "of-others/main");
    await expect(playbookOfRun(recorded)).rejects.toMatchObject({ reason: "path" });
    await expect(playbookOfRun(recorded)).rejects.toThrow("several playbooks fit it");
    const gone = { ...recorded, path: recorded.path.replace("main", "gone") };
    await expect(playbookOfRun(gone)).rejects.toThrow("no playbook fits it");
  });
});
