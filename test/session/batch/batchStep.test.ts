// The action `batch` of a playbook: what its items are, what comes of the step, how it and the runs name each other, and that
// whoever resumes the session goes on with the batch.
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BatchHost } from "../../../src/batch/batchHost";
import { openBatches } from "../../../src/session/batch/openBatches";
import { serveBatches } from "../../../src/session/batch/serveBatches";
import { startControlServer } from "../../../src/session/controlServer";
import { type Launch, readClaim } from "../../../src/session/launch";
import { safeId, traceFileNames } from "../../../src/trace/safeId";
import type { TraceSpan } from "../../../src/trace/schema";
import { startTaskServer } from "../../collector/taskServer";
import { makePlaybookRuns, type PlaybookEnd, type PlaybookRuns } from "../playbooks/playbookRuns";
import { type Run, until } from "../runs";

let runs: PlaybookRuns;
let number = 0;
/** Of this test, for files in the folder of work. */
let own = "";

beforeAll(async () => {
  runs = await makePlaybookRuns();
}, 300_000);
afterAll(() => runs[Symbol.asyncDispose]());
beforeEach(() => {
  own = `own${++number}`;
});

const tasks = (command: string): Partial<Launch> => ({ tasks: { note: { command } } });

function write(path: string, text: string): Promise<string> {
  return runs.folder.dir.write(`work/${path}`, text);
}

async function lines(name = own): Promise<string[]> {
  const text = await readFile(runs.folder.dir.join("work", name), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

function triggered(end: PlaybookEnd): { readonly id: string; readonly runCount: number } | undefined {
  const found = end.recorded.trace.spans.find(({ attributes }) => attributes?.["tracekeeper.triggeredBatch"]);
  return found?.attributes?.["tracekeeper.triggeredBatch"] as never;
}

/** Of runs of a batch, by index. */
async function traceOfRun(batch: string, index: number): Promise<{ spans: TraceSpan[] }> {
  const name = `run_${batch.slice("batch_".length)}_${index}.json`;
  return JSON.parse(await readFile(`${runs.folder.traces()}/${name}`, "utf8"));
}

function output(end: PlaybookEnd, step = "all"): unknown {
  const { spans } = end.recorded.trace;
  const id = end.span(step).spanId;
  return spans.find(({ parentSpanId, name }) => parentSpanId === id && name.startsWith("batch"))?.output;
}

describe("a batch step", () => {
  it("runs a task for each item of a list, values with their types, and tells what came of it", async () => {
    const end = await runs.run(
      `name: x
params: { n: { type: number } }
steps:
  - id: all
    action: batch
    with: { task: note, name: nightly, items: [{ a: "{n}" }, "{n}", "x{n}"], concurrency: 2 }
  - id: after
    action: run
    with: { command: "echo {steps.all.json.succeeded} of {steps.all.json.runCount}" }
`,
      { n: 7 },
      { launch: tasks(`echo "$(cat)" >> ${own}`) },
    );
    expect(end.code).toBe(0);
    expect((await lines()).sort()).toEqual(['"x7"', "7", '{"a":7}']);
    expect(end.recorded.output()).toBe("3 of 3\n");
    const batch = triggered(end);
    expect(batch).toMatchObject({ id: expect.stringMatching(/^batch_/), name: "nightly", runCount: 3 });
    expect(output(end)).toEqual({
      id: batch?.id,
      status: "COMPLETED",
      runCount: 3,
      succeeded: 3,
      failed: 0,
      cancelled: 0,
    });
    expect(end.stderr).toContain(`tracekeeper: batch ${batch?.id}: 3 runs\n`);
    // The run knows its batch, and the step that has led to it.
    const [root] = (await traceOfRun(batch?.id ?? "", 1)).spans;
    expect(root?.attributes?.["tracekeeper.batch"]).toMatchObject({ id: batch?.id, name: "nightly", index: 1 });
    expect(root?.links).toEqual([
      {
        spanId: end.recorded.trace.spans.find(({ name }) => name === "batch nightly")?.spanId,
        traceId: end.recorded.trace.traceId,
        attributes: { relation: "started within", "session.id": end.recorded.trace.sessionId },
      },
    ]);
  });

  it("is handed on to trigger.dev where that is chosen, and its key stands in no file afterwards", async () => {
    await using there = await startTaskServer();
    const { url, key } = there.collector.batchEndpoint;
    const end = await runs.run(
      `name: x
steps:
  - id: all
    action: batch
    with: { task: note, items: [{ json: { name: far, item: 0 } }, { json: { name: far, item: 1, fails: true } }] }
`,
      {},
      { launch: { batchEngine: { url, key } } },
    );
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("1 of 2 runs failed: 1 × item 1 failed");
    expect(await there.written("far")).toEqual(["0", "1"]);
    const names = await readdir(runs.folder.dir.path, { recursive: true, withFileTypes: true });
    const files = names.filter((each) => each.isFile()).map(({ parentPath, name }) => `${parentPath}/${name}`);
    const texts = await Promise.all(files.map(async (file) => ((await readFile(file)).includes(key) ? file : "")));
    expect(texts.filter(Boolean)).toEqual([]);
  });

  it("arms its own session, and those of its runs as far as their playbooks say nothing themselves", async () => {
    await write("plain.playbook.yaml", "name: Plain\nsteps: [{ id: one, action: run, with: { command: 'true' } }]\n");
    const wants = "name: Wants\ncheckpoints: true\nsteps: [{ id: one, action: run, with: { command: 'true' } }]\n";
    await write("wants.playbook.yaml", wants);
    const step = (id: string, what: string, more = "") =>
      `  - { id: ${id}, action: batch, with: { ${what}, items: [{}] }${more} }\n`;
    const end = await runs.run(`name: x
checkpoints: false
steps:
${step("off", "playbook: plain.playbook.yaml")}${step("named", "task: Plain")}${step("own", "playbook: wants.playbook.yaml")}${step("on", "playbook: plain.playbook.yaml", ", checkpoints: true")}`);
    expect(end.code).toBe(0);
    const saved = ({ events = [] }: TraceSpan) =>
      events.flatMap(({ name, attributes }) =>
        name === "tracekeeper.checkpoint" ? (attributes?.["events"] as { event: { type: string } }[]) : [],
      );
    const finished = (span: TraceSpan | undefined) =>
      span === undefined ? [] : saved(span).flatMap(({ event }) => (event.type === "stepFinished" ? [event] : []));
    const { spans } = end.recorded.trace;
    expect(finished(spans[0])).toMatchObject([{ result: { step: { path: "on" } } }]);
    const counts: number[] = [];
    for (const { attributes } of spans) {
      const batch = attributes?.["tracekeeper.triggeredBatch"] as { readonly id: string } | undefined;
      if (batch !== undefined) counts.push(finished((await traceOfRun(batch.id, 0)).spans[0]).length);
    }
    expect(counts).toEqual([0, 0, 1, 1]);
  });

  it.each([
    ["a JSON array", "items.json", '["a","b"]', "{ file: items.json }"],
    ["lines of JSON", "items.ndjson", '"a"\n"b"\n', "{ file: items.ndjson }"],
  ])("takes its items from a file that holds %s", async (_what, name, text, items) => {
    await write(name, text);
    const yaml = `name: x\nsteps: [{ id: all, action: batch, with: { task: note, items: ${items} } }]\n`;
    expect((await runs.run(yaml, {}, { launch: tasks(`echo "$(cat)" >> ${own}`) })).code).toBe(0);
    expect((await lines()).sort()).toEqual(['"a"', '"b"']);
  });

  it.each([
    ["its JSON", `echo '{"found":["a","b"]}'`, "steps.list.json.found"],
    ["lines of its output", `printf '"a"\\n"b"\\n'`, "steps.list.output"],
  ])("takes its items from an earlier step: %s", async (_what, command, from) => {
    const yaml = `name: x
steps:
  - { id: list, action: run, with: { command: ${JSON.stringify(command)} } }
  - { id: all, action: batch, with: { task: note, items: { from: ${from} } } }
`;
    expect((await runs.run(yaml, {}, { launch: tasks(`echo "$(cat)" >> ${own}`) })).code).toBe(0);
    expect((await lines()).sort()).toEqual(['"a"', '"b"']);
  });

  it("runs a playbook that is named from its own folder, with items as its parameters", async () => {
    await write(
      "below/inner.playbook.yaml",
      `name: Inner\nparams: { who: {} }\nsteps: [{ id: a, action: run, with: { command: "echo {who} >> ../${own}" } }]\n`,
    );
    const yaml = `name: x\nsteps: [{ id: all, action: batch, with: { playbook: inner.playbook.yaml, items: [{ who: ann }, { who: bob }] } }]\n`;
    const end = await runs.run(yaml, {}, { name: "below/outer" });
    expect(end.code).toBe(0);
    expect((await lines()).sort()).toEqual(["ann", "bob"]);
    const [root] = (await traceOfRun(triggered(end)?.id ?? "", 0)).spans;
    expect(root?.name).toBe("inner · run 1 of 2");
  });

  it("fails with a summary where runs fail, and the failing step leads to it", async () => {
    const yaml = `name: x\nsteps: [{ id: all, name: All of it, action: batch, with: { task: note, items: [0, 1, 2], max_attempts: 2, backoff: 10ms } }]\n`;
    const command = `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; test $TRACEKEEPER_BATCH_INDEX = 1 || { echo "Error: no $TRACEKEEPER_BATCH_INDEX"; exit 2; }`;
    const end = await runs.run(yaml, {}, { launch: tasks(command) });
    expect(end.code).toBe(1);
    const summary = "2 of 3 runs failed: 2 × exit 2: Error: no …";
    expect(end.recorded.state.error).toBe(`All of it: ${summary}`);
    expect(end.span("batch note")).toMatchObject({ status: "error", statusMessage: summary });
    expect((await lines()).sort()).toEqual(["0", "0", "1", "2", "2"]);
  });

  it.each([
    ["an unknown task", "{ task: notte, items: [1] }", 'There is no task "notte". Did you mean "note"?'],
    ["an unsound playbook", "{ playbook: bad.playbook.yaml, items: [1] }", "bad.playbook.yaml:1: "],
    ["a file that is not there", "{ task: note, items: { file: none.json } }", "none.json"],
    ["what is no list", "{ task: note, items: { from: steps.one.json } }", "steps.one.json is no list of items"],
    ["what is not there", "{ task: note, items: { from: steps.one.json.b } }", "steps.one.json.b is not there"],
    ["a secret", '{ task: note, items: [{ key: "{token}" }] }', "item 1 holds a secret"],
  ])("refuses %s before there is a batch", async (_what, given, message) => {
    await write("bad.playbook.yaml", "name: x\n");
    const yaml = `name: x
params: { token: { secret: true } }
steps:
  - { id: one, action: run, with: { command: "echo '{\\"a\\":1}'" } }
  - { id: all, action: batch, with: ${given} }
`;
    const end = await runs.run(yaml, { token: "very-secret" }, { launch: tasks("true") });
    expect(end.code).toBe(1);
    expect(end.recorded.state.error).toContain(message);
    expect(triggered(end)).toBeUndefined();
  });

  it("of a playbook that triggers a batch of itself comes to an end", async () => {
    const yaml = `name: x\nsteps: [{ id: all, action: batch, with: { playbook: ${own}.playbook.yaml, items: [{}] } }]\n`;
    const end = await runs.run(yaml, {}, { name: own });
    expect(end.code).toBe(1);
    const failures = "1 of 1 runs failed: 1 × all: ".repeat(4);
    expect(end.recorded.state.error).toBe(`all: ${failures}batches trigger each other more than 4 deep`);
  });

  it("tries runs that failed again in a further attempt of its own, and no others", async () => {
    const yaml = `name: x\nsteps: [{ id: all, action: batch, retries: { times: 1, backoff: 10ms }, with: { task: note, items: [0, 1, 2] } }]\n`;
    const command = `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; test $TRACEKEEPER_BATCH_INDEX$TRACEKEEPER_BATCH_ATTEMPT != 11`;
    const end = await runs.run(yaml, {}, { launch: tasks(command) });
    expect(end.code).toBe(0);
    expect((await lines()).sort()).toEqual(["0", "1", "1", "2"]);
  });

  it("that waits for nothing lets the next step begin, and the session ends with the batch", async () => {
    const yaml = `name: x
steps:
  - { id: all, action: batch, with: { task: note, wait: false, items: [0, 1] } }
  - { id: next, action: run, with: { command: "echo next >> ${own}; touch ${own}.go" } }
`;
    const command = `until test -e ${own}.go; do sleep 0.02; done; echo done >> ${own}`;
    const end = await runs.run(yaml, {}, { launch: tasks(command) });
    expect(end.code).toBe(0);
    expect(await lines()).toEqual(["next", "done", "done"]);
  });
});

describe("a stop", () => {
  const waits = () => `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; exec sleep 1000`;
  const yaml = `name: x\nsteps: [{ id: all, action: batch, with: { task: note, concurrency: 2, items: [0, 1, 2] } }]\n`;

  async function started(changes: Partial<Launch> = {}, text = yaml): Promise<Run> {
    const run = await runs.start(text, {}, { launch: { ...tasks(waits()), ...changes } });
    await until(async () => (await lines()).length === 2 || undefined, "two runs are under way");
    return run;
  }

  it("of the session cancels the batch: what runs is stopped, and nothing more begins", async () => {
    const run = await started();
    const { control } = (await readClaim(run.launchPath)) ?? {};
    const headers = { authorization: `Bearer ${control?.token}` };
    expect((await fetch(`${control?.url}/stop`, { method: "POST", headers })).status).toBe(202);
    const end = await runs.end(run);
    expect(end.recorded.state).toMatchObject({ status: "failed", error: "stopped" });
    expect(end.span("all")).toMatchObject({ interrupted: true });
    expect(output(end)).toMatchObject({ status: "COMPLETED", cancelled: 3 });
    expect(await lines()).toHaveLength(2);
  });

  it("by the step's own time does so, too, and is a failure", async () => {
    const text = yaml.replace("id: all,", "id: all, timeout: 3s,");
    const end = await runs.end(await started({}, text));
    expect(end.code).toBe(1);
    expect(end.recorded.state.error).toContain("timed out after 3");
    expect(output(end)).toMatchObject({ cancelled: 3 });
  });

  it("of a session whose steps are through cancels the batch that nobody waited for", async () => {
    const run = await started({}, yaml.replace("concurrency: 2,", "concurrency: 2, wait: false,"));
    run.child.kill("SIGTERM");
    const end = await runs.end(run);
    expect(end.stderr).toContain("3 of 3 runs cancelled");
  });
});

describe("a session that was killed in a batch step", () => {
  const yaml = (items = "[0, 1, 2, 3]") => `name: x
steps:
  - { id: before, action: run, with: { command: "echo before >> ${own}" } }
  - { id: all, action: batch, with: { task: note, concurrency: 2, items: ${items} } }
  - { id: after, action: run, with: { command: "echo after >> ${own}" } }
`;
  const command = () =>
    `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; until test -e ${own}.go; do sleep 0.02; done; echo $TRACEKEEPER_BATCH_INDEX >> ${own}.done`;

  function traceOf({ launch }: Run): string {
    return `${runs.folder.traces()}/${traceFileNames.snapshot(safeId(launch.sessionId))}`;
  }

  async function killed(run: Run, begun = 3): Promise<void> {
    await until(async () => (await lines()).length >= begun || undefined, "two runs are under way");
    run.child.kill("SIGKILL");
    await run.ended;
  }

  function resume(run: Run, text: string, more: object = {}): Promise<Run> {
    const launch = tasks(command());
    return runs.start(text, {}, { name: own, launch, more: { resume: { path: traceOf(run) }, ...more } });
  }

  it("finds its batch when it is resumed, also a second time, and no run that was begun is begun again", async () => {
    const first = await runs.start(yaml(), {}, { name: own, launch: tasks(command()) });
    await killed(first);
    const second = await resume(first, yaml());
    await until(() => second.stderr().includes("which an earlier attempt has triggered") || undefined, "it goes on");
    second.child.kill("SIGKILL");
    await second.ended;
    await write(`${own}.go`, "");
    const end = await runs.end(await resume(second, yaml()));
    expect(end.code).toBe(0);
    expect(await lines()).toEqual([
      "before",
      expect.anything(),
      expect.anything(),
      expect.anything(),
      expect.anything(),
      "after",
    ]);
    expect((await lines()).slice(1, -1).sort()).toEqual(["0", "1", "2", "3"]);
    expect((await lines(`${own}.done`)).sort()).toEqual(["0", "1", "2", "3"]);
  });

  it("runs another batch where its items are others by now", async () => {
    const first = await runs.start(yaml(), {}, { name: own, launch: tasks(command()) });
    await killed(first);
    await write(`${own}.go`, "");
    const end = await runs.end(await resume(first, yaml("[7]")));
    expect(triggered(end)?.runCount).toBe(1);
    const batches = await readdir(`${runs.folder.traces()}/batches`);
    expect(batches.filter((name) => name === `${triggered(end)?.id}.batch.ndjson`)).toHaveLength(1);
  });

  it("runs all of it again where a person wants that", async () => {
    await write(`${own}.go`, "");
    const first = await runs.start(
      yaml("[0]").replace(`after >> ${own}`, "x; false"),
      {},
      { name: own, launch: tasks(command()) },
    );
    expect((await runs.end(first)).code).toBe(1);
    const path = { resume: { path: traceOf(first), again: ["all"] } };
    expect((await runs.end(await resume(first, yaml("[0]"), path))).code).toBe(0);
    expect(await lines()).toEqual(["before", "0", "0", "after"]);
  });

  it("with a batch that has failed runs tries those again when it is resumed", async () => {
    const text = yaml();
    const once = `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; test $TRACEKEEPER_BATCH_INDEX != 2 -o -e ${own}.mended`;
    const first = await runs.start(text, {}, { name: own, launch: tasks(once) });
    expect((await runs.end(first)).code).toBe(1);
    await write(`${own}.mended`, "");
    await write(`${own}.go`, "");
    const end = await runs.end(await resume(first, text));
    expect(end.code).toBe(0);
    expect((await lines()).sort()).toEqual(["0", "1", "2", "2", "3", "after", "before"]);
  });
});

describe("a batch that another process has taken over meanwhile", () => {
  const yaml = () =>
    `name: x\nsteps: [{ id: all, action: batch, with: { task: note, concurrency: 1, items: [0, 1] } }]\n`;
  const command = () =>
    `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; until test -e ${own}.go; do sleep 0.02; done; echo >> ${own}.done`;

  /** The session is killed, and this process takes its batch over. */
  async function takenOver(): Promise<{ first: Run; host: BatchHost; end(): Promise<void> }> {
    const { folder } = runs;
    const first = await runs.start(yaml(), {}, { name: own, launch: tasks(command()) });
    await until(async () => (await lines()).length === 1 || undefined, "a run is under way");
    const id = await idOf(first);
    first.child.kill("SIGKILL");
    await first.ended;
    const directory = folder.traces();
    const host = openBatches({
      directory,
      folder: folder.dir.join("work"),
      tasks: {},
      program: folder.program,
      settings: { stop: { terminateAfterMs: 60_000, killAfterMs: 60_000 } },
      onProblem: (message) => expect(message).toBe(""),
    });
    const server = await startControlServer(() => undefined);
    const unserve = serveBatches(host, directory, server, (message) => expect(message).toBe(""));
    await host.goOn(id);
    const end = async () => {
      unserve();
      await server.end();
      await host.dispose();
    };
    return { first, host, end };
  }

  /** Of the batch that the process of a session runs. */
  async function idOf({ child }: Run): Promise<string> {
    const folder = `${runs.folder.traces()}/batches`;
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".owner")) continue;
      if (JSON.parse(await readFile(`${folder}/${name}`, "utf8")).pid === child.pid) return name.replace(".owner", "");
    }
    throw new Error("The session runs no batch");
  }

  function resumed(first: Run): Promise<Run> {
    const path = `${runs.folder.traces()}/${traceFileNames.snapshot(safeId(first.launch.sessionId))}`;
    return runs.start(yaml(), {}, { name: own, launch: tasks(command()), more: { resume: { path } } });
  }

  it("is waited for by the session that resumes the one that triggered it", async () => {
    const { first, end } = await takenOver();
    const second = await resumed(first);
    await until(() => second.stderr().includes("which an earlier attempt has triggered") || undefined, "it waits");
    await write(`${own}.go`, "");
    expect((await runs.end(second)).code).toBe(0);
    // Several runs are made at once, and the first that is made begins.
    expect((await lines()).sort()).toEqual(["0", "1"]);
    await end();
  });

  it("is cancelled by a stop of that session, over the port of who runs it", async () => {
    const { first, host, end } = await takenOver();
    const second = await resumed(first);
    await until(() => second.stderr().includes("which an earlier attempt has triggered") || undefined, "it waits");
    second.child.kill("SIGTERM");
    const ended = await runs.end(second);
    expect(ended.recorded.state.error).toBe("stopped by SIGTERM");
    const { counts } = (await host.state(triggered(ended)?.id ?? "")) ?? {};
    expect(counts).toMatchObject({ cancelled: 2 });
    expect(await lines(`${own}.done`)).toEqual([]);
    await end();
  });
});

describe("a batch that a step runs", () => {
  it("can be asked for over the port of the session", async () => {
    const yaml = `name: x\nsteps: [{ id: all, action: batch, with: { task: note, concurrency: 1, items: [0, 1] } }]\n`;
    const command = `echo $TRACEKEEPER_BATCH_INDEX >> ${own}; until test -e ${own}.go; do sleep 0.02; done`;
    const run = await runs.start(yaml, {}, { launch: tasks(command) });
    await until(async () => (await lines()).length === 1 || undefined, "a run is under way");
    const folder = `${runs.folder.traces()}/batches`;
    const owners = (await readdir(folder)).filter((name) => name.endsWith(".owner"));
    const all = await Promise.all(owners.map(async (name) => JSON.parse(await readFile(`${folder}/${name}`, "utf8"))));
    const owner = all.findIndex(({ pid }) => pid === run.child.pid);
    const id = owners[owner]?.replace(".owner", "") ?? "";
    const { url, token } = all[owner];
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const details = await (await fetch(`${url}/api/v1/batches/${id}`, { headers })).json();
    expect(details).toMatchObject({ id, runCount: 2 });
    const answer = await fetch(`${url}/api/v1/batches/${id}/cancel`, { method: "POST", headers, body: "{}" });
    expect(answer.status).toBe(200);
    const end = await runs.end(run);
    expect(end.recorded.state.error).toContain("2 of 2 runs cancelled");
  });
});
