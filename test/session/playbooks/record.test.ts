import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode } from "../../../scripts/lib/paths.mjs";
import type { LoggedAction } from "../../../src/session/actionLog/actionLog";
import { readClaim, readLaunch } from "../../../src/session/launch";
import { isThere, until } from "../runs";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

const two = `name: Two
params: { token: { type: string, secret: true, default: hunter22 } }
steps:
  - { id: one, action: run, with: { command: "echo {token}" } }
  - { id: two, action: run, with: { command: "exit 4" } }
`;

describe("what is recorded of a playbook", () => {
  it("is a log of its actions below the id of its run, whose numbers go on, beside the trace", async () => {
    const read = async () => {
      const path = `${runs.folder.traces()}/runs/nightly_1`;
      const names = (await readdir(path)).filter((name) => name.startsWith("action_")).sort();
      return await Promise.all(
        names.map(async (name) => JSON.parse(await readFile(`${path}/${name}`, "utf8")) as LoggedAction),
      );
    };
    await runs.run(two, {}, { more: { runId: "nightly/1" } });
    expect(await read()).toMatchObject([
      { number: 1, runId: "nightly/1", step: { path: "one", line: 4 }, status: "ok", output: "•••" },
      {
        number: 2,
        step: { path: "two", line: 5 },
        status: "failed",
        error: "exit code 4",
        attributes: { exitCode: 4 },
      },
    ]);
    await runs.run(two, {}, { more: { runId: "nightly/1" } });
    expect((await read()).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it("tells of a log that can't be written, and the run goes on", async () => {
    await runs.folder.dir.write("other/runs", "a file in the place of the folder");
    const directory = runs.folder.dir.join("other");
    const { code, tree, recorded } = await runs.run(two, {}, { launch: { directory } });
    expect(code).toBe(1);
    expect(tree).toHaveLength(5);
    const problems = recorded.root.events?.filter(({ name }) => name === "tracekeeper.run-problem");
    expect(problems).toHaveLength(2);
    expect(String(problems?.[0]?.attributes?.["message"])).toMatch(/^actionLog could not take actionFinished: E/);
  });

  it("are the spans that commands send, each below its own step", async () => {
    const script = `
const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: header, TRACEPARENT: parent } = process.env;
const [, traceId, parentSpanId] = parent.split("-");
const span = { traceId, spanId: process.argv[2], parentSpanId, name: process.argv[3],
  startTimeUnixNano: String(Date.now() * 1e6), endTimeUnixNano: String(Date.now() * 1e6 + 1000) };
const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
const headers = { "content-type": "application/json", authorization: decodeURIComponent(header.split("=")[1]) };
fetch(url + "/v1/traces", { method: "POST", headers, body }).then((answer) => process.exit(answer.ok ? 0 : 1));
`;
    await runs.folder.dir.write("work/send.cjs", script);
    const send = (id: string, name: string) => `{ command: [${JSON.stringify(pinnedNode)}, send.cjs, ${id}, ${name}] }`;
    const { tree, code } = await runs.run(`name: Spans
steps:
  - { id: one, action: run, with: ${send("b7ad6b7169203331", "first")} }
  - { id: two, action: run, with: ${send("b7ad6b7169203332", "second")} }
`);
    expect(code).toBe(0);
    expect(tree).toEqual([
      "sample ok",
      "  one ok",
      "    run ok",
      "      first ok",
      "  two ok",
      "    run ok",
      "      second ok",
    ]);
  });

  it("are the spans of what a step left running below that step, although another one runs", async () => {
    const late = `while [ ! -e go.txt ]; do sleep 0.05; done; "${pinnedNode}" send.cjs b7ad6b7169203333 late; touch sent.txt`;
    await runs.folder.dir.write("work/late.sh", late);
    const { tree } = await runs.run(`name: Late
steps:
  - { id: starts, action: run, with: { command: "sh late.sh > late.txt 2>&1 &" } }
  - { id: waits, action: run, with: { command: "touch go.txt; while [ ! -e sent.txt ]; do sleep 0.05; done" } }
`);
    expect(tree).toEqual(["sample ok", "  starts ok", "    run ok", "      late ok", "  waits ok", "    run ok"]);
  });

  it.runIf(process.platform === "linux")("ends what its commands have left running, but for a daemon", async () => {
    const stubborn = "trap '' TERM; echo $$ > stubborn.pid; while :; do sleep 0.1; done";
    await runs.folder.dir.write("work/stubborn.sh", stubborn);
    await runs.folder.dir.write("work/daemon.sh", "echo $$ > daemon.pid; exec sleep 300");
    const { code, recorded } = await runs.run(
      `name: Left
steps:
  - id: starts
    action: run
    with:
      command: >-
        (sh stubborn.sh &) > left.txt 2>&1; (setsid sh daemon.sh &) > left.txt 2>&1;
        while [ ! -s stubborn.pid ] || [ ! -s daemon.pid ]; do sleep 0.05; done
`,
      {},
      { stop: { terminateAfterMs: 100, killAfterMs: 100 } },
    );
    expect(code).toBe(0);
    const pidIn = async (name: string) => Number(await runs.folder.text(`work/${name}.pid`));
    const daemon = await pidIn("daemon");
    try {
      expect(isThere(await pidIn("stubborn"))).toBe(false);
      expect(isThere(daemon)).toBe(true);
    } finally {
      process.kill(daemon, "SIGKILL");
    }
    const left = recorded.root.events?.find(({ name }) => name === "tracekeeper.left-running");
    expect(left?.attributes?.["pids"]).toContain(await pidIn("stubborn"));
  });

  it("is a crash with the step in progress where the session process is killed", async () => {
    const run = await runs.start(`name: Killed
steps:
  - { id: one, action: run, with: { command: "echo one" } }
  - { id: two, action: run, with: { command: "echo two; exec sleep 30" } }
`);
    await until(() => run.stdout().toString().includes("two") || undefined, "the second step runs");
    run.child.kill("SIGKILL");
    const { tree, recorded } = await runs.end(run);
    expect(recorded.state.status).toBe("crashed");
    expect(tree.slice(1)).toEqual(["  one ok", "    run ok", "  two open", "    run open"]);
  });

  it("is a crash with the terminal's name where its terminal was closed, and its command is told so", async () => {
    const run = await runs.start(`name: Closed
steps:
  - { id: one, action: run, with: { command: "trap 'echo heard; exit 1' HUP; echo begun; while :; do sleep 0.05; done" } }
  - { id: two, action: run, with: { command: "echo never" } }
`);
    await until(() => run.stdout().toString().includes("begun") || undefined, "the step runs");
    run.child.kill("SIGHUP");
    const { code, recorded, tree } = await runs.end(run);
    expect(code).toBe(129);
    expect(recorded.state.status).toBe("crashed");
    expect(recorded.output("stdout")).toBe("begun\nheard\n");
    expect(tree.slice(1)).toEqual([
      "  one interrupted: the terminal was closed: exit 1",
      "    run interrupted: the terminal was closed: exit 1",
    ]);
  });

  it("is nothing where nothing can be recorded, and the steps run all the same", async () => {
    await runs.folder.dir.write("no-folder", "a file");
    const directory = runs.folder.dir.join("no-folder/traces");
    const run = await runs.start(two, {}, { launch: { directory } });
    const { code } = await run.ended;
    expect(code).toBe(1);
    expect(run.stdout().toString()).toBe("•••\n");
    expect(run.stderr().toString()).toContain("nothing is recorded: ");
    expect(run.stderr().toString()).toContain("step two failed: exit code 4");
  });

  it("is found by its claim while it runs, whose stop ends it, and whose launch holds no secret", async () => {
    const run = await runs.start(
      `name: Stopped
params: { token: { type: string, secret: true }, plain: { type: string } }
steps:
  - { id: one, action: run, with: { command: "echo begun; exec sleep 1000" } }
`,
      { token: "hunter22", plain: "kept" },
    );
    await until(() => run.stdout().toString().includes("begun") || undefined, "the step runs");
    const launch = await readLaunch(run.launchPath);
    expect(launch.program).toEqual({ type: "playbook", path: expect.any(String), params: { plain: "kept" } });
    const { control } = (await readClaim(run.launchPath)) ?? {};
    const headers = { authorization: `Bearer ${control?.token}` };
    expect((await fetch(`${control?.url}/stop`, { method: "POST", headers })).status).toBe(202);
    const { code, tree } = await runs.end(run);
    expect(code).toBe(1);
    expect(tree.slice(0, 2)).toEqual([
      "sample interrupted: stopped",
      "  one interrupted: stopped by the person: killed by SIGINT",
    ]);
  });
});
