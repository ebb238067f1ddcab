import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recoverDirectory } from "../../../src/recorder/recoverDirectory";
import { readRecordedRun } from "../../../src/session/resume/recordedRun";
import { startOpenAiServer } from "../../support/openAiServer";
import { type Run, until } from "../runs";
import { makeResumableRuns, type ResumableRuns } from "./resumableRuns";

let sample: ResumableRuns;

beforeEach(async () => {
  sample = await makeResumableRuns();
});

afterEach(() => sample[Symbol.asyncDispose]());

describe("a run that was cut off", () => {
  it("goes on where its process was killed: what finished is taken from its trace and not run again", async () => {
    const inner = `name: Inner
steps:
  - { id: one, action: run, with: { command: "echo one >> done" } }
  - { id: two, action: run, with: { command: "echo two >> done; ${waiting}" } }
`;
    await sample.write(inner, "inner");
    const path = await sample.write(`name: Sample
params: { who: { default: world } }
steps:
  - { id: first, action: run, with: { command: "echo first >> done; echo hello {who}" } }
  - { id: inner, action: playbook, with: { path: inner.playbook.yaml } }
  - { id: last, action: run, with: { command: "echo last >> done; echo 'got {steps.first.output}'" } }
`);
    const run = await sample.start(path, { params: { who: "you" } });
    await sample.killAfter(run, "two");
    await sample.runs.folder.dir.write("work/go", "");
    const { code, tree, span, recorded } = await sample.resume(run);
    expect(code).toBe(0);
    expect(await sample.done()).toEqual(["first", "one", "two", "two", "last"]);
    expect(tree).toEqual([
      "sample ok",
      "  first ok",
      "  inner ok",
      "    playbook inner.playbook.yaml ok",
      "      one ok",
      "      two ok",
      "        run ok",
      "  last ok",
      "    run ok",
    ]);
    expect(recorded.output("stdout")).toBe("got hello you\n");
    const old = await sample.runs.folder.recorded(run.launch);
    const first = old.trace.spans.find(({ name }) => name === "first");
    expect(span("first").attributes).toMatchObject({
      "tracekeeper.step": { id: "first", replayed: true },
      "tracekeeper.replayed": {
        sessionId: run.launch.sessionId,
        traceId: old.trace.traceId,
        spanId: first?.spanId,
        startMs: expect.closeTo(first?.startTime ?? 0, -2),
        endMs: expect.closeTo(first?.endTime ?? 0, -2),
      },
    });
    // Of no length, at the time at which it was taken over.
    expect(span("first").startTime).toBeGreaterThan(recorded.root.startTime);
    expect(span("first").endTime).toBe(span("first").startTime);
    expect(recorded.root.attributes?.["tracekeeper.resumed"]).toMatchObject({ sessionId: run.launch.sessionId });
    expect(recorded.root.links).toEqual([
      {
        spanId: old.root.spanId,
        traceId: old.trace.traceId,
        attributes: { relation: "resumes", "session.id": run.launch.sessionId },
      },
    ]);
  });

  it("leaves the earlier trace as it is, and numbers its actions on", async () => {
    const path = await sample.write(steps("first", "second"));
    const run = await sample.start(path);
    await sample.killAfter(run, "second");
    const { dir } = sample.runs.folder;
    const before = await filesOf(dir.join("traces"), run);
    await dir.write("work/go", "");
    await sample.resume(run);
    expect([...before.keys()].some((name) => name.endsWith(".journal.ndjson"))).toBe(true);
    expect(await filesOf(dir.join("traces"), run)).toEqual(before);
    const log = await readdir(dir.join(`traces/runs/${run.launch.sessionId}`));
    expect(log.filter((name) => name.startsWith("action_")).sort()).toEqual(["action_1.json", "action_2.json"]);
    const second = JSON.parse(await readFile(dir.join(`traces/runs/${run.launch.sessionId}/action_2.json`), "utf8"));
    expect(second).toMatchObject({ number: 2, step: { path: "second" }, runId: run.launch.sessionId });
  });

  it("goes on the same way when it has been recovered", async () => {
    const run = await sample.start(await sample.write(steps("first", "second")));
    await sample.killAfter(run, "second");
    await recoverDirectory(sample.runs.folder.traces());
    await sample.runs.folder.dir.write("work/go", "");
    expect((await sample.resume(run)).code).toBe(0);
    expect(await sample.done()).toEqual(["first", "second", "second"]);
  });

  it("takes a step that failed and was gone on after as it was", async () => {
    const run = await sample.start(await sample.write(steps("!first", "second")));
    await sample.killAfter(run, "second");
    await sample.runs.folder.dir.write("work/go", "");
    const { code, tree } = await sample.resume(run);
    expect(code).toBe(1);
    expect(await sample.done()).toEqual(["first", "second", "second"]);
    expect(tree).toEqual([
      "sample error: first: exit code 3",
      "  first error: exit code 3",
      "  second ok",
      "    run ok",
    ]);
  });

  it("asks no model again whose answer it has", async () => {
    await using server = await startOpenAiServer();
    server.answers = [{ content: "forty-two", usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }];
    const path = await sample.write(`name: Sample
steps:
  - { id: ask, action: model, with: { base_url: "${server.url}", model: small, prompt: How many? } }
  - { id: use, action: run, with: { command: "echo 'said {steps.ask.output}' >> done; ${waiting}" } }
`);
    const run = await sample.start(path);
    await sample.killAfter(run, "said forty-two");
    await sample.runs.folder.dir.write("work/go", "");
    const { code, recorded } = await sample.resume(run);
    expect(code).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(await sample.done()).toEqual(["said forty-two", "said forty-two"]);
    // They were counted in the session that used them.
    expect(recorded.trace.summary.totalTokens).toBe(0);
  });

  it("hands a secret on that is given again, and finds it in neither trace", async () => {
    const path = await sample.write(`name: Sample
params: { token: { secret: true } }
steps:
  - { id: first, action: run, with: { command: "echo first >> done; echo {token}" } }
  - { id: second, action: run, with: { command: "echo {token} >> done; ${waiting}" } }
`);
    const run = await sample.start(path, { params: { token: "swordfish" } });
    await sample.killAfter(run, "swordfish");
    await sample.runs.folder.dir.write("work/go", "");
    const refused = await sample.resume(run);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Parameter "token" is a secret, which no trace holds');
    const resumed = await sample.resume(run, { params: { token: "swordfish" } });
    expect(resumed.code).toBe(0);
    expect(await sample.done()).toEqual(["first", "swordfish", "swordfish"]);
    for (const text of await tracesOf(sample)) expect(text).not.toContain("swordfish");
  });
});

describe("a run that failed", () => {
  it("runs its failed steps again with the edited playbook, also those that were gone on after, and ends green", async () => {
    await sample.runs.folder.dir.write("work/go", "");
    const run = await sample.start(await sample.write(steps("!first", "plain", "!last")));
    expect((await sample.end(run)).code).toBe(1);
    expect(await sample.done()).toEqual(["first", "plain", "last"]);
    await sample.write(steps("first", "plain", "last"));
    const { code, tree } = await sample.resume(run);
    expect(code).toBe(0);
    expect(await sample.done()).toEqual(["first", "plain", "last", "first", "last"]);
    expect(tree).toEqual(["sample ok", "  first ok", "    run ok", "  plain ok", "  last ok", "    run ok"]);
  });

  it("can be resumed again and again, each time from the last one, with the origin of each step kept", async () => {
    const playbook = (last: string) => steps("first", "middle", last);
    await sample.runs.folder.dir.write("work/go", "");
    const path = await sample.write(playbook("!last").replace("echo middle >> done", "echo middle >> done; exit 3"));
    const run = await sample.start(path);
    await sample.end(run);
    await sample.write(playbook("!last"));
    const second = await sample.start(path, { resume: { path: sample.traceOf(run) } });
    expect((await sample.end(second)).code).toBe(1);
    await sample.write(playbook("last"));
    const third = await sample.resume(second);
    expect(third.code).toBe(0);
    expect(await sample.done()).toEqual(["first", "middle", "middle", "last", "last"]);
    const originOf = (name: string) => third.span(name).attributes?.["tracekeeper.replayed"];
    expect(originOf("first")).toMatchObject({ sessionId: run.launch.sessionId });
    expect(originOf("middle")).toMatchObject({ sessionId: second.launch.sessionId });
  });

  it("goes on after a stop where it was stopped", async () => {
    const run = await sample.start(await sample.write(steps("first", "second")));
    await until(async () => (await sample.done()).includes("second") || undefined, "the second step runs");
    run.child.kill("SIGTERM");
    expect((await sample.end(run)).code).toBe(143);
    await sample.runs.folder.dir.write("work/go", "");
    expect((await sample.resume(run)).code).toBe(0);
    expect(await sample.done()).toEqual(["first", "second", "second"]);
  });

  it("runs the steps within another attempt of a playbook again, although the record has them", async () => {
    await sample.runs.folder.dir.write("work/go", "");
    await sample.write(
      `name: Inner
steps:
  - { id: one, action: run, with: { command: "echo one >> done" } }
  - { id: two, action: run, with: { command: "echo two >> done; test -e two || exit 3" } }
`,
      "inner",
    );
    const path = await sample.write(`name: Sample
steps:
  - { id: inner, action: playbook, with: { path: inner.playbook.yaml }, retries: { times: 1, backoff: 10ms } }
`);
    const run = await sample.start(path);
    await sample.end(run);
    expect(await sample.done()).toEqual(["one", "two", "one", "two"]);
    const again = await sample.start(path, { resume: { path: sample.traceOf(run) } });
    expect((await sample.end(again)).code).toBe(1);
    // The first attempt takes what the record has; the second one is one of the whole playbook.
    expect((await sample.done()).slice(4)).toEqual(["two", "one", "two"]);
  });
});

describe("the action log of a resumed run", () => {
  it("goes on in its own folder where another run had the same id at the same time", async () => {
    const path = await sample.write(steps("first", "second", "last"));
    const one = await sample.start(path, { runId: "dup" });
    await until(async () => (await sample.done()).includes("second") || undefined, "the second step runs");
    const other = await sample.start(path, { runId: "dup" });
    await until(async () => (await sample.done()).length === 4 || undefined, "the second step of the other one runs");
    other.child.kill("SIGKILL");
    await other.ended;
    await sample.runs.folder.dir.write("work/go", "");
    await sample.end(one);
    const { recorded } = await sample.resume(other);
    expect(recorded.root.attributes?.["tracekeeper.playbook"]).toMatchObject({ runId: "dup", actionLog: "dup#2" });
    const folder = join(sample.runs.folder.traces(), "runs");
    const logged: string[] = [];
    for (const name of (await readdir(folder, { recursive: true })).sort()) {
      if (!/action_\d+\.json$/.test(name)) continue;
      const { number, sessionId, step } = JSON.parse(await readFile(join(folder, name), "utf8"));
      const who =
        sessionId === one.launch.sessionId ? "one" : sessionId === other.launch.sessionId ? "other" : "resumed";
      logged.push(`${number} ${who} ${step.path}`);
    }
    expect(logged.sort()).toEqual([
      "1 one first",
      "1 other first",
      "2 one second",
      "2 resumed second",
      "3 one last",
      "3 resumed last",
    ]);
  });
});

describe("a session that can't be resumed", () => {
  it.each<[string, string, RegExp]>([
    ["was run without checkpoints", "checkpoints: false\n", /run without checkpoints/],
  ])("says so: it %s", async (_what, more, words) => {
    const run = await sample.start(await sample.write(`${more}${steps("!first")}`));
    const { traceText } = await sample.end(run);
    expect(traceText).not.toContain("tracekeeper.checkpoint");
    await expect(readRecordedRun(sample.traceOf(run))).rejects.toThrow(words);
  });

  it("says so: it is still running", async () => {
    const run = await sample.start(await sample.write(steps("first", "second")));
    await until(async () => (await sample.done()).includes("second") || undefined, "the second step runs");
    await expect(readRecordedRun(sample.traceOf(run))).rejects.toThrow("is still running");
    await sample.runs.folder.dir.write("work/go", "");
    expect((await sample.end(run)).code).toBe(0);
  });

  it("says so: it is no run of a playbook", async () => {
    const run = await sample.runs.folder.start({ line: "true" });
    await run.ended;
    await expect(readRecordedRun(sample.traceOf(run))).rejects.toThrow("is no run of a playbook");
  });
});

describe("a damaged trace", () => {
  it("is resumed as far as it is sound, and says what is lost", async () => {
    const run = await sample.start(await sample.write(steps("first", "second", "!last")));
    await sample.runs.folder.dir.write("work/go", "");
    await sample.end(run);
    const path = sample.traceOf(run);
    const text = await readFile(path, "utf8");
    const trace = JSON.parse(text) as { spans: { events?: { name: string; attributes: { number: number } }[] }[] };
    for (const span of trace.spans) {
      if (span.events) span.events = span.events.filter(({ attributes }) => attributes.number !== 3);
    }
    await writeFile(path, JSON.stringify(trace));
    const recorded = await readRecordedRun(path);
    expect([...recorded.results.keys()]).toEqual(["first", "last"]);
    expect(recorded.problems).toEqual(["1 of its checkpoints are lost"]);
    await writeFile(path, text.slice(0, text.length - 1000));
    // Who wrote it stood at the end.
    await expect(readRecordedRun(path)).rejects.toMatchObject({ reason: "unknown" });
    const { results } = await readRecordedRun(path, { isGone: true });
    expect([...results.keys()]).toEqual(["first", "second", "last"]);
  });
});

/** Until the test says so, or until its folder is gone. */
const waiting = "while test -e done && ! test -e go; do sleep 0.05; done";

/** Each appends its id; one with a "!" fails then and is gone on after, but for the last one. The second one waits. */
function steps(...ids: readonly string[]): string {
  const lines = ids.map((word, index) => {
    const id = word.replace("!", "");
    const more = word === id ? (index === 1 ? `; ${waiting}` : "") : "; exit 3";
    const onFailure = word !== id && index < ids.length - 1 ? ", on_failure: continue" : "";
    return `  - { id: ${id}, action: run, with: { command: "echo ${id} >> done${more}" }${onFailure} }`;
  });
  return `name: Sample\nsteps:\n${lines.join("\n")}\n`;
}

async function filesOf(directory: string, { launch }: Run): Promise<Map<string, string>> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(launch.sessionId));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "latin1")));
  return new Map(names.map((name, index) => [name, texts[index] ?? ""]));
}

async function tracesOf({ runs: { folder } }: ResumableRuns): Promise<string[]> {
  const names = await readdir(folder.traces(), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map((path) => readFile(path, "utf8")));
}
