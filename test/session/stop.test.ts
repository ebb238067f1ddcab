// How a run is stopped: over its control port, by signals, step by step, with everything that the program has started.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceSpan } from "../../src/trace/schema";
import { type Folder, isThere, makeFolder, nodeLine, running, stopRun, until } from "./runs";

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
}, 300_000);

afterAll(() => folder[Symbol.asyncDispose]());

const never = { terminateAfterMs: 3_600_000, killAfterMs: 3_600_000 };
const atOnce = { terminateAfterMs: 0, killAfterMs: 0 };
/** Ignores what can be ignored. */
const stubborn = "trap '' INT TERM HUP; echo ready; while :; do sleep 0.05; done";

function steps({ events = [] }: TraceSpan): unknown[] {
  return events.filter(({ name }) => name === "tracekeeper.stop").map(({ attributes }) => attributes);
}

describe.each(["pipes", "terminal"] as const)("a stop of a program with %s", (capture) => {
  async function start(changes: Parameters<Folder["start"]>[0]) {
    if (capture === "pipes") {
      const run = await folder.start(changes);
      return { ...run, shown: () => run.stdout().toString(), exitCode: run.ended.then(({ code }) => code) };
    }
    const run = await folder.startInTerminal(changes);
    return { ...run, shown: run.screen, exitCode: run.ended.then(({ exitCode }) => exitCode) };
  }

  it("interrupts it first, which is no failure", async () => {
    const run = await start({ line: "echo ready; exec sleep 1000", stop: never });
    await until(() => run.shown().includes("ready") || undefined, "the program runs");
    await stopRun(run.launchPath);
    expect(await run.exitCode).toBe(130);
    const { state, command, root, trace } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "stopped" });
    expect(root).toMatchObject({ status: "error", interrupted: true, statusMessage: "stopped" });
    expect(trace.summary["failures"]).toBe(0);
    expect(command).toMatchObject({
      status: "error",
      interrupted: true,
      statusMessage: "stopped by the person: killed by SIGINT",
    });
    expect(steps(command)).toEqual([{ step: "interrupt", by: "person" }]);
  });

  it("terminates and kills one that doesn't listen, with what it has started", async () => {
    const line = `sh -c "trap '' INT TERM HUP; echo \\$\\$ > below.pid; while :; do sleep 0.05; done" & ${stubborn}`;
    const run = await start({ line, stop: atOnce });
    await until(() => run.shown().includes("ready") || undefined, "the program runs");
    const below = Number(await until(() => folder.text("work/below.pid"), "what it has started runs"));
    await folder.remove("work/below.pid");
    await stopRun(run.launchPath);
    expect(await run.exitCode).toBe(137);
    expect(isThere(below)).toBe(false);
    const { command, state } = await folder.recorded(run.launch);
    expect(state.error).toBe("stopped");
    expect(command.statusMessage).toBe("stopped by the person: killed by SIGKILL");
    expect(steps(command)).toMatchObject([{ step: "interrupt" }, { step: "terminate" }, { step: "kill" }]);
  });

  it("goes to the next step at once where it is asked for again", async () => {
    const run = await start({ line: stubborn, stop: never });
    await until(() => run.shown().includes("ready") || undefined, "the program runs");
    for (let count = 1; count <= 3; count++) await stopRun(run.launchPath);
    expect(await run.exitCode).toBe(137);
    const { command } = await folder.recorded(run.launch);
    expect(steps(command)).toHaveLength(3);
  });

  it("ends what it left behind when it ended itself", async () => {
    const line = `sh -c "trap '' INT; echo \\$\\$ > left.pid; while :; do sleep 0.05; done" >/dev/null 2>&1 & echo ready; sleep 1000`;
    const run = await start({ line, stop: atOnce });
    await until(() => run.shown().includes("ready") || undefined, "the program runs");
    const left = Number(await until(() => folder.text("work/left.pid"), "what it has started runs"));
    await folder.remove("work/left.pid");
    await stopRun(run.launchPath);
    await run.exitCode;
    expect(isThere(left)).toBe(false);
  });

  it("by SIGTERM to the session process does the same, and the trace names the signal", async () => {
    const run = await start({ line: stubborn, stop: atOnce });
    await until(() => run.shown().includes("ready") || undefined, "the program runs");
    const { pid } = await running(run.launchPath);
    process.kill(pid, "SIGTERM");
    expect(await run.exitCode).toBe(137);
    const { state, command } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "stopped by SIGTERM" });
    expect(command).toMatchObject({ interrupted: true, statusMessage: "stopped by SIGTERM: killed by SIGKILL" });
    expect(steps(command)[0]).toEqual({ step: "interrupt", by: "SIGTERM" });
  });
});

describe("signals to the session process", () => {
  it("SIGINT with a terminal between goes on to the program", async () => {
    const line = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done";
    const run = await folder.startInTerminal({ line });
    await until(() => run.screen().includes("ready") || undefined, "the program runs");
    run.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exitCode: 9 });
    expect((await folder.recorded(run.launch)).output()).toContain("caught");
  });

  it("SIGQUIT is noted, and ends the program that gets it too", async () => {
    const run = await folder.start({ line: "echo ready; exec sleep 1000" }, { ownGroup: true });
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program runs");
    process.kill(-(run.child.pid ?? 0), "SIGQUIT");
    expect((await run.ended).code).toBe(131);
    const { command, root } = await folder.recorded(run.launch);
    expect(command.statusMessage).toBe("killed by SIGQUIT");
    expect(root.events).toContainEqual(
      expect.objectContaining({ name: "tracekeeper.signal", attributes: { signal: "SIGQUIT" } }),
    );
  });

  it("SIGHUP with pipes reaches the program, and the session is one whose terminal was closed", async () => {
    const run = await folder.start({ line: "echo ready; exec sleep 1000" });
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program runs");
    process.kill((await running(run.launchPath)).pid, "SIGHUP");
    expect((await run.ended).code).toBe(129);
    const { state, command } = await folder.recorded(run.launch);
    expect(state.status).toBe("crashed");
    expect(command.statusMessage).toBe("the terminal was closed: killed by SIGHUP");
  });

  it("a stop works while nobody takes the program's output", async () => {
    const run = await folder.start({ line: "exec yes", stop: atOnce }, { unread: true });
    await running(run.launchPath);
    await stopRun(run.launchPath);
    await run.ended;
    const { state, command } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "stopped" });
    expect(command.interrupted).toBe(true);
  });

  it("a stop after the program has failed ends what it left behind, and hides no failure", async () => {
    const line = "(trap '' INT; echo left; sleep 1000) & sleep 0.2; echo fail >&2; exit 3";
    const run = await folder.start({ line, stop: atOnce });
    const { childPid, pid } = await running(run.launchPath);
    await until(() => !isThere(childPid) || undefined, "the program has ended");
    process.kill(pid, "SIGTERM");
    expect((await run.ended).code).toBe(3);
    const { state, command } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "exit 3" });
    expect(command).toMatchObject({ status: "error", statusMessage: "exit 3" });
    expect(command.interrupted).toBeUndefined();
  });

  it("SIGKILL to the program is what the trace tells", async () => {
    const run = await folder.start({ line: "echo ready; exec sleep 1000" });
    process.kill((await running(run.launchPath)).childPid, "SIGKILL");
    expect((await run.ended).code).toBe(137);
    const { state } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "killed by SIGKILL" });
  });
});

describe("the control port", () => {
  it.each([
    ["without a token", {}, "POST", "/stop", 401],
    ["with a wrong token", { authorization: `Bearer ${"0".repeat(48)}` }, "POST", "/stop", 401],
    ["for another host", { host: "evil.example" }, "POST", "/stop", 403],
    ["by another method", {}, "GET", "/stop", 405],
    ["elsewhere", {}, "POST", "/", 404],
  ] as const)("refuses a request %s", async (_what, headers, method, path, status) => {
    const run = await folder.start({ line: "exec sleep 1000", stop: atOnce });
    const { control } = await running(run.launchPath);
    expect(await ask(`${control?.url}${path}`, method, headers)).toBe(status);
    expect(isThere((await running(run.launchPath)).childPid)).toBe(true);
    await stopRun(run.launchPath);
    await run.ended;
  });

  it("has a token that the program does not get", async () => {
    const run = await folder.start({ line: "env; echo ready; exec sleep 1000", stop: atOnce });
    const { control } = await running(run.launchPath);
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program runs");
    expect(control?.token).toMatch(/^[0-9a-f]{48}$/);
    expect(run.stdout().toString()).not.toContain(control?.token);
    await stopRun(run.launchPath);
    await run.ended;
  });
});

describe("collecting without a program", () => {
  it("tells where spans go, records them, and is completed by its end", async () => {
    const run = await folder.start({ program: { type: "collect" } });
    const text = await until(
      () => (run.stdout().includes("HEADERS") ? run.stdout().toString() : undefined),
      "it tells",
    );
    const told = (name: string) => new RegExp(`export ${name}='?([^'\n]*)`).exec(text)?.[1] ?? "";
    const send = `fetch("${told("OTEL_EXPORTER_OTLP_ENDPOINT")}/v1/traces", { method: "POST",
      headers: { "content-type": "application/json", authorization: "${decodeURIComponent(told("OTEL_EXPORTER_OTLP_HEADERS").slice(14))}" },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "${"a".repeat(32)}", spanId: "${"b".repeat(16)}",
        name: "step", startTimeUnixNano: "1795000000000000000", endTimeUnixNano: "1795000001000000000" }] }] }] }) })
      .then((answer) => console.log(answer.status))`;
    const sender = await folder.start({ line: nodeLine(send) }, { env: {} });
    await sender.ended;
    expect(sender.stdout().toString()).toBe("200\n");
    process.kill(run.child.pid ?? 0, "SIGINT");
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const { state, trace, root } = await folder.recorded(run.launch);
    expect(state.status).toBe("completed");
    expect(trace.spans.find(({ name }) => name === "step")?.parentSpanId).toBe(root.spanId);
  });
});

describe("collecting in a terminal that is closed", () => {
  it("is a crash that says so", async () => {
    const run = await folder.start({ program: { type: "collect" } });
    await until(() => (run.stdout().includes("HEADERS") ? true : undefined), "it tells");
    process.kill(run.child.pid ?? 0, "SIGHUP");
    expect(await run.ended).toEqual({ code: 129, signal: null });
    const { state, root } = await folder.recorded(run.launch);
    expect(state.status).toBe("crashed");
    expect(root.statusMessage).toBe("the terminal was closed");
  });
});

function ask(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("error", reject);
    asked.end();
  });
}
