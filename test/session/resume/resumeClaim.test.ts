import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readClaim } from "../../../src/session/launch";
import { processIdentity } from "../../../src/session/processIdentity";
import { readRecordedRun } from "../../../src/session/resume/recordedRun";
import { readResumable } from "../../../src/session/resume/resumable";
import { type Run, until } from "../runs";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

let sample: ResumableRuns;

beforeEach(async () => {
  sample = await makeResumableRuns();
});

afterEach(() => sample[Symbol.asyncDispose]());

/** Until the test says so, or until its folder is gone. */
const waiting = "while test -e done && ! test -e go; do sleep 0.05; done";
const yaml = `name: Sample
steps:
  - { id: first, action: run, with: { command: "echo first >> done" } }
  - { id: second, action: run, with: { command: "echo second >> done; ${waiting}; exit 3" } }
`;

async function failed(): Promise<Run> {
  const run = await sample.start(await sample.write(yaml));
  await sample.runs.folder.dir.write("work/go", "");
  expect((await sample.end(run)).code).toBe(1);
  return run;
}

async function resumed(earlier: Run, isRepeated = false): Promise<Run> {
  const { program } = earlier.launch;
  if (program.type !== "playbook") throw new Error("It is no run of a playbook");
  const resume = { path: sample.traceOf(earlier), ...(isRepeated ? { isRepeated } : {}) };
  return await sample.start(program.path, { resume });
}

describe("a session that was resumed", () => {
  it("is resumed by exactly one of those that try it at once", async () => {
    const run = await failed();
    const tries = await Promise.all([1, 2, 3].map(async () => await resumed(run)));
    await Promise.all(tries.map(({ ended }) => ended));
    expect((await sample.done()).filter((word) => word === "second")).toHaveLength(2);
    const refused = tries.filter((each) => !existsSync(sample.traceOf(each)));
    expect(refused).toHaveLength(2);
    for (const each of refused) await expectNothingOf(each);
  });

  it("leaves no trace of another try, and no word that would make it look like a run that failed", async () => {
    const run = await failed();
    await sample.end(await resumed(run));
    const again = await resumed(run);
    expect(await again.ended).toMatchObject({ code: 1 });
    await expectNothingOf(again);
    expect(await sample.done()).toEqual(["first", "second", "second"]);
  });

  it("is not resumed again, and the newest of those that went on one after the other is named", async () => {
    const run = await failed();
    const second = await resumed(run);
    await sample.end(second);
    const third = await resumed(second);
    await sample.end(third);
    const { sessionId } = third.launch;
    await expect(readResumable(sample.traceOf(run))).rejects.toThrow(`was resumed by ${sessionId}: resume that one`);
    await expect(readResumable(sample.traceOf(third))).resolves.toMatchObject({ lastClaim: 0 });
  });

  it("is not resumed while another session does so", async () => {
    const run = await failed();
    await rm(sample.runs.folder.dir.join("work/go"));
    const second = await resumed(run);
    await until(async () => (await sample.done()).length === 3 || undefined, "the second step runs again");
    const { sessionId } = second.launch;
    await expect(readResumable(sample.traceOf(run))).rejects.toThrow(`${sessionId}, which is still running`);
    await sample.runs.folder.dir.write("work/go", "");
    await sample.end(second);
  });

  it("is resumed again where the person wants it all the same", async () => {
    const run = await failed();
    await sample.end(await resumed(run));
    const again = await resumed(run, true);
    await sample.end(again);
    expect(await sample.done()).toEqual(["first", "second", "second", "second"]);
    await expect(readResumable(sample.traceOf(run))).rejects.toThrow(`was resumed by ${again.launch.sessionId}`);
  });

  it("is taken over where the one that resumed it ended before it took anything over", async () => {
    const run = await failed();
    const { sessionId } = run.launch;
    const path = await sample.write(yaml.replace("name: Sample", "name: [unsound"), "unsound");
    const empty = await sample.start(path);
    await sample.end(empty);
    await claim(run, { sessionId: empty.launch.sessionId, file: sample.traceOf(empty) });
    const { run: found, lastClaim } = await readResumable(sample.traceOf(run));
    expect([found.sessionId, lastClaim]).toEqual([sessionId, 1]);
    await sample.end(await resumed(run));
    expect(await sample.done()).toEqual(["first", "second", "second"]);
  });

  it("is taken over where the one that resumed it was killed before it recorded anything, and not while it is there", async () => {
    const run = await failed();
    const by = { sessionId: "new", file: "new.json" };
    const { pid, ...machine } = processIdentity();
    await claim(run, by, { writer: { pid, ...machine } });
    await expect(readResumable(sample.traceOf(run))).rejects.toThrow("is being resumed by new, which is still running");
    await claim(run, by, { writer: { pid, ...machine, processStart: "another" } });
    await expect(readResumable(sample.traceOf(run))).resolves.toMatchObject({ lastClaim: 1 });
    await claim(run, by, { writer: { pid, ...machine, host: "another" } });
    await expect(readResumable(sample.traceOf(run))).rejects.toMatchObject({ reason: "unknown" });
    await expect(readResumable(sample.traceOf(run), { isGone: true })).resolves.toMatchObject({ lastClaim: 1 });
    await claim(run, by, { writer: { pid, ...machine, processStart: "another" }, isBegun: true });
    await expect(readResumable(sample.traceOf(run))).rejects.toThrow("was resumed by new: resume that one");
  });

  it("is known as such where its folder was moved", async () => {
    const run = await failed();
    await sample.end(await resumed(run));
    const moved = sample.runs.folder.dir.join("moved");
    await cp(dirname(sample.traceOf(run)), moved, { recursive: true });
    await rm(dirname(sample.traceOf(run)), { recursive: true });
    await expect(readResumable(join(moved, basename(sample.traceOf(run))))).rejects.toMatchObject({
      reason: "resumed",
    });
  });

  it("is not taken over where the trace of the one that resumed it is gone", async () => {
    const run = await failed();
    await claim(run, { sessionId: "gone", file: join(dirname(sample.traceOf(run)), "gone.json") });
    await expect(readResumable(sample.traceOf(run))).rejects.toThrow("was resumed by gone: resume that one");
    await expect(readRecordedRun(sample.traceOf(run))).resolves.toBeDefined();
  });
});

/** It said why, and that is all. */
async function expectNothingOf(run: Run): Promise<void> {
  expect(run.stderr().toString()).toMatch(/^tracekeeper: nothing was run: \S+ (?:was|is being) resumed by [^\n]+\n$/);
  const names = await readdir(dirname(sample.traceOf(run)), { recursive: true });
  expect(names.filter((name) => name.includes(run.launch.sessionId))).toEqual([]);
  expect(await readClaim(run.launchPath)).toMatchObject({ refused: expect.stringMatching(/ resumed by /) });
}

async function claim(
  run: Run,
  by: { readonly sessionId: string; readonly file: string },
  more: object = {},
): Promise<void> {
  const file = sample.traceOf(run);
  const folder = join(dirname(file), "resumed");
  await mkdir(folder, { recursive: true });
  const { sessionId } = run.launch;
  const text = JSON.stringify({ version: 1, sessionId, by, claimedAt: "2026-01-01T00:00:00.000Z", ...more });
  await writeFile(join(folder, `${basename(file, ".json")}.1.json`), text);
}
