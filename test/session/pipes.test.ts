// The session process with pipes between it and the program: what is recorded, shown and handed on, and how it ends.
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode } from "../../scripts/lib/paths.mjs";
import { outputBurstOf } from "../../src/trace/outputBurst";
import { type Folder, isThere, makeFolder, nodeLine, running, until } from "./runs";

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => folder[Symbol.asyncDispose]());

describe("the output of a program", () => {
  it("is recorded by stream and in the order in which it came, and shown as it is", async () => {
    const script = `
      const say = (fd, text) => new Promise((done) => { fs.writeSync(fd, text); setTimeout(done, 150); });
      const fs = require("node:fs");
      say(1, "one\\n").then(() => say(2, "two\\n")).then(() => say(1, "thr")).then(() => say(1, "ee\\n"));`;
    const run = await folder.start({ line: nodeLine(script) });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout().toString()).toBe("one\nthree\n");
    expect(run.stderr().toString()).toBe("two\n");
    const { bursts, output, command } = await folder.recorded(run.launch);
    expect(bursts.map((span) => [outputBurstOf(span)?.stream, span.output, outputBurstOf(span)?.continues])).toEqual([
      ["stdout", "one\n", undefined],
      ["stderr", "two\n", undefined],
      ["stdout", "thr", undefined],
      ["stdout", "ee\n", true],
    ]);
    expect(output()).toBe("one\ntwo\nthree\n");
    expect(command.output).toBe("one\ntwo\nthree");
    expect(bursts.every(({ endTime, startTime }) => endTime !== undefined && endTime >= startTime)).toBe(true);
  });

  it("with broken UTF-8 is shown byte for byte and recorded with replacement characters", async () => {
    const bytes = Buffer.concat([
      Buffer.from("grün 🙂\n"),
      Buffer.from([0xff, 0xfe, 0x00, 0xe2, 0x82, 0x41, 0xc0, 0xaf, 0xf0, 0x9f]),
      Buffer.from("\r\n\u001b[1mend\u001b[0m"),
      Buffer.from([0xe2, 0x82]),
    ]);
    await folder.dir.write("work/bytes", bytes);
    // Byte by byte: characters come in pieces.
    const script = `for (const byte of require("node:fs").readFileSync("bytes")) require("node:fs").writeSync(1, Buffer.of(byte));`;
    const run = await folder.start({ line: nodeLine(script) });
    await run.ended;
    expect(run.stdout().equals(bytes)).toBe(true);
    const { output, bursts } = await folder.recorded(run.launch);
    expect(output()).toBe(new TextDecoder().decode(bytes));
    expect(bursts.reduce((sum, span) => sum + (outputBurstOf(span)?.bytes ?? 0), 0)).toBe(bytes.length);
  });

  it("may go to streams that the program opens again by name", async () => {
    const run = await folder.start({ line: "echo one > /dev/stdout; echo two > /dev/stderr" });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const { output } = await folder.recorded(run.launch);
    expect([output("stdout"), output("stderr")]).toEqual(["one\n", "two\n"]);
  });

  it("finds a closed pipe where nobody reads any more, and ends as it would without us", async () => {
    const run = await folder.start({ line: "exec yes" });
    await until(() => (run.stdout().length > 0 ? true : undefined), "something is shown");
    run.child.stdout?.destroy();
    expect(await run.ended).toEqual({ code: 141, signal: null });
    expect((await folder.recorded(run.launch)).command.statusMessage).toBe("killed by SIGPIPE");
  });

  it("of another process that goes on is waited for only so long", async () => {
    const line = "(setsid sh -c 'echo $$ > daemon.pid; exec sleep 1000' &); echo bye";
    const run = await folder.start({ line });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const daemon = Number(await until(() => folder.text("work/daemon.pid"), "the daemon runs"));
    expect(isThere(daemon)).toBe(true);
    process.kill(daemon, "SIGKILL");
    const { command, state, output } = await folder.recorded(run.launch);
    expect(output()).toBe("bye\n");
    expect(state.status).toBe("completed");
    expect(command.events).toMatchObject([
      { name: "tracekeeper.streams-held", attributes: { streams: ["stdout", "stderr"] } },
    ]);
  });

  it("is not seen where nothing is captured, and the end is", async () => {
    const run = await folder.start({ line: "echo there; exit 5", capture: "none" });
    expect(await run.ended).toEqual({ code: 5, signal: null });
    expect(run.stdout().toString()).toBe("there\n");
    const { command, trace, state } = await folder.recorded(run.launch);
    expect(command).toMatchObject({ statusMessage: "exit 5", input: { capture: "none" } });
    expect(state).toMatchObject({ status: "failed", error: "exit 5" });
    expect(trace.spans).toHaveLength(2);
  });
});

describe("the end of a program", () => {
  it.each([
    ["true", 0, "completed", undefined],
    ["exit 3", 3, "failed", "exit 3"],
    ["exit 130", 130, "failed", "exit 130"],
    ["kill -9 $$", 137, "failed", "killed by SIGKILL"],
    ["kill -TERM $$", 143, "failed", "killed by SIGTERM"],
  ])("%s", async (line, code, status, error) => {
    const run = await folder.start({ line });
    expect(await run.ended).toEqual({ code, signal: null });
    const { state, command, root } = await folder.recorded(run.launch);
    expect(state).toMatchObject(error === undefined ? { status } : { status, error });
    expect(command.status).toBe(code === 0 ? "ok" : "error");
    expect(command.statusMessage).toBe(error);
    expect(command.interrupted).toBeUndefined();
    expect(root.events?.map(({ name }) => name)).toContain("tracekeeper.process-exit");
    expect(command.attributes?.["childPid"]).toBeTypeOf("number");
  });

  it("by Ctrl+C, which reaches the whole process group, is recorded as that", async () => {
    const run = await folder.start({ line: "echo ready; exec sleep 1000" }, { ownGroup: true });
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program runs");
    process.kill(-(run.child.pid ?? 0), "SIGINT");
    expect(await run.ended).toEqual({ code: 130, signal: null });
    const { state, command } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "interrupted by Ctrl+C" });
    expect(command).toMatchObject({ interrupted: true, statusMessage: "interrupted by Ctrl+C: killed by SIGINT" });
  });

  it("that survives Ctrl+C is waited for", async () => {
    const line = "trap 'echo cleaning; sleep 0.3; echo done; exit 0' INT; echo ready; while :; do sleep 0.05; done";
    const run = await folder.start({ line }, { ownGroup: true });
    await until(() => (run.stdout().includes("ready") ? true : undefined), "the program runs");
    process.kill(-(run.child.pid ?? 0), "SIGINT");
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const { output, state, root } = await folder.recorded(run.launch);
    expect(output()).toBe("ready\ncleaning\ndone\n");
    expect(state.status).toBe("completed");
    expect(root.events?.some(({ name }) => name === "tracekeeper.signal")).toBe(true);
  });
});

describe("a program that can't be started", () => {
  it.each([
    ["E2BIG", { program: { type: "process", file: "true", args: ["x".repeat(200_000)] } }, 126],
    ["E2BIG", { capture: "none", program: { type: "process", file: "true", args: ["x".repeat(200_000)] } }, 126],
    ["was not found", { program: { type: "process", file: "no-such-program", args: ["a b"] } }, 127],
    ["can't be executed", { program: { type: "process", file: "./plain", args: [] } }, 126],
    ["does not exist", { cwd: "/no/such/folder" }, 1],
  ] as const)("%s, which is the failing step", async (message, changes, code) => {
    await writeFile(folder.dir.join("work/plain"), "text", { mode: 0o644 });
    const run = await folder.start(changes as Parameters<Folder["start"]>[0]);
    expect(await run.ended).toEqual({ code, signal: null });
    expect(run.stderr().toString()).toContain(message);
    const { state, command } = await folder.recorded(run.launch);
    expect(state.status).toBe("failed");
    expect(state.error).toMatch(new RegExp(`^could not be started: .*${message}$`));
    expect(command).toMatchObject({ status: "error", statusMessage: state.error });
  });

  it("for want of a folder for its trace runs all the same, and says that it is not recorded", async () => {
    await folder.dir.write("file", "");
    const run = await folder.start({ line: "echo there; exit 4", directory: folder.dir.join("file/traces") });
    expect(await run.ended).toEqual({ code: 4, signal: null });
    expect(run.stdout().toString()).toBe("there\n");
    expect(run.stderr().toString()).toContain("nothing is recorded");
  });
});

describe("what is handed on", () => {
  it("is standard input", async () => {
    const run = await folder.start({ line: "tr a-z A-Z" }, { stdin: "pipe" });
    run.child.stdin?.end("typed\n");
    await run.ended;
    expect(run.stdout().toString()).toBe("TYPED\n");
  });

  it("is the environment, without what started the session process and with where spans go", async () => {
    const script = `
      const names = /^(?:NODE_OPTIONS|ELECTRON_|TRACEKEEPER_|OTEL_|TRACEPARENT|PWD|OWN|GONE)/;
      console.log(JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)))));`;
    const env = {
      TRACEKEEPER_NODE_OPTIONS: "--stack-trace-limit=3",
      ELECTRON_RUN_AS_NODE: "1",
      TRACEKEEPER_SESSION_ID: "outer",
      TRACEKEEPER_KEPT: "yes",
      GONE: "x",
    };
    const run = await folder.start({ line: nodeLine(script), env: { OWN: "set", GONE: null } }, { env });
    await run.ended;
    const { root, command, trace } = await folder.recorded(run.launch);
    const seen = JSON.parse(run.stdout().toString()) as Record<string, string>;
    expect(seen).toEqual({
      NODE_OPTIONS: "--stack-trace-limit=3",
      TRACEKEEPER_KEPT: "yes",
      OWN: "set",
      PWD: folder.dir.join("work"),
      TRACEKEEPER_SESSION_ID: run.launch.sessionId,
      TRACEKEEPER_SPAN_ID: command.spanId,
      TRACEPARENT: `00-${trace.traceId.replaceAll("-", "")}-${command.spanId}-01`,
      TRACEKEEPER_OTLP_ENDPOINT: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      OTEL_EXPORTER_OTLP_ENDPOINT: seen["TRACEKEEPER_OTLP_ENDPOINT"],
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: expect.stringMatching(/^authorization=Bearer%20[0-9a-f]+$/),
    });
    expect(root.attributes).not.toHaveProperty("tracekeeper.exporter");
  });

  it("is an exporter of the person's own, which the trace names without its password", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://me:secret@traces.example/v1?key=secret" };
    const run = await folder.start({ line: "echo $OTEL_EXPORTER_OTLP_ENDPOINT $OTEL_EXPORTER_OTLP_HEADERS" }, { env });
    await run.ended;
    expect(run.stdout().toString()).toBe(`${env.OTEL_EXPORTER_OTLP_ENDPOINT}\n`);
    const { root, trace } = await folder.recorded(run.launch);
    expect(root.attributes?.["tracekeeper.exporter"]).toEqual({ kept: "https://traces.example/v1" });
    // The launch's own line is part of the trace; the variable's value is not.
    expect(JSON.stringify({ ...trace, spans: [root] })).not.toContain("secret");
  });

  it("is a link to the span in which the session was started", async () => {
    const env = { TRACEPARENT: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
    const run = await folder.start({ line: "true" }, { env });
    await run.ended;
    const { root } = await folder.recorded(run.launch);
    expect(root.links).toEqual([
      { spanId: "b".repeat(16), traceId: "a".repeat(32), attributes: { relation: "started within" } },
    ]);
  });

  it("are spans that the program sends, below its command", async () => {
    const script = `
      const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: headers, TRACEPARENT: parent } = process.env;
      const [, traceId, parentSpanId] = parent.split("-");
      const span = { traceId, spanId: "00000000000000aa", parentSpanId, name: "step",
        startTimeUnixNano: "1795000000000000000", endTimeUnixNano: "1795000001000000000" };
      fetch(url + "/v1/traces", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: decodeURIComponent(headers.split("=")[1]) },
        body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
      }).then((answer) => console.log(answer.status));`;
    const run = await folder.start({ line: nodeLine(script) });
    await run.ended;
    expect(run.stdout().toString()).toBe("200\n");
    const { trace, command } = await folder.recorded(run.launch);
    expect(trace.spans.find(({ name }) => name === "step")?.parentSpanId).toBe(command.spanId);
  });
});

describe("a launch that is started twice", () => {
  it("runs once, and says how to run it again", async () => {
    const first = await folder.start({ line: "echo ran >> ran.txt; sleep 0.3; echo ran >> ran.txt", title: "Twice" });
    await running(first.launchPath);
    const again = folder.startAgain(first.launch, first.launchPath);
    const { code } = await again.ended;
    expect(code).toBe(0);
    expect(again.stdout().toString()).toMatch(/"Twice" was started at .*Run Again/s);
    await first.ended;
    const late = folder.startAgain(first.launch, first.launchPath);
    expect((await late.ended).code).toBe(0);
    expect(await folder.text("work/ran.txt")).toBe("ran\nran\n");
  });

  it("by two processes at the same time runs once", async () => {
    await mkdir(folder.dir.join("many"), { recursive: true });
    const { launch, launchPath } = await folder.launch({ line: "echo ran >> ../many/ran.txt" });
    const runs = Array.from({ length: 4 }, () => folder.startAgain(launch, launchPath));
    expect(await Promise.all(runs.map(async (run) => (await run.ended).code))).toEqual([0, 0, 0, 0]);
    expect(await folder.text("many/ran.txt")).toBe("ran\n");
  });

  it("by a terminal that is brought back after its session was killed runs nothing", async () => {
    const first = await folder.start({ line: "echo ran >> killed.txt; exec sleep 1000" });
    const { pid, childPid } = await running(first.launchPath);
    await until(() => folder.text("work/killed.txt"), "the program runs");
    process.kill(pid, "SIGKILL");
    process.kill(childPid, "SIGKILL");
    await first.ended;
    expect((await folder.recorded(first.launch)).state.status).toBe("crashed");
    const again = folder.startAgain(first.launch, first.launchPath);
    expect(await again.ended).toEqual({ code: 0, signal: null });
    expect(await folder.text("work/killed.txt")).toBe("ran\n");
    expect((await folder.recorded(first.launch)).state.status).toBe("crashed");
  });

  it("and is gone meanwhile is told of by its claim", async () => {
    const first = await folder.start({ line: "true" });
    await first.ended;
    await rm(first.launchPath);
    const again = folder.startAgain(first.launch, first.launchPath);
    expect((await again.ended).code).toBe(0);
    expect(again.stdout().toString()).toContain("was run before");
  });
});

describe("a wrong call", () => {
  it.each([
    [[], "--launch"],
    [["--launch", "/no/such/launch.json"], "can't be read"],
  ])("%j is answered with one line and exit code 2", async (words, message) => {
    const child = spawn(pinnedNode, [folder.program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (bytes: Buffer) => {
      stderr += bytes;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain(message);
  });
});
