// The session process in a terminal, with the program in a terminal of its own: to the program and to the person it is as
// if nothing were between them.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinnedNode } from "../../scripts/lib/paths.mjs";
import { outputBurstOf } from "../../src/trace/outputBurst";
import { type Folder, isThere, makeFolder, nodeLine, nodePtyFolder, running, until } from "./runs";

let folder: Folder;

/** What VS Code's own process of terminals does. */
const holderScript = `
  const [directory, program, launch] = process.argv.slice(1);
  require(directory).spawn(process.execPath, [program, "--launch", launch], { cols: 80, rows: 24 }).onData(() => {});`;

beforeAll(async () => {
  folder = await makeFolder();
}, 300_000);

afterAll(() => folder[Symbol.asyncDispose]());

describe("a program in a terminal", () => {
  it("finds a terminal on all three streams, of the size of the person's", async () => {
    const script = `
      const { stdin, stdout, stderr } = process;
      console.log([stdin, stdout, stderr].map((stream) => stream.isTTY === true).join(), stdout.getWindowSize().join());
      console.error("problem");`;
    const run = await folder.startInTerminal({ line: nodeLine(script) });
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    const { output, state, bursts, root } = await folder.recorded(run.launch);
    expect(output("terminal")).toBe("true,true,true 90,30\r\nproblem\r\n");
    expect(state.status).toBe("completed");
    expect(bursts.map((span) => outputBurstOf(span)?.stream)).not.toContain("stderr");
    expect(root.attributes?.["tracekeeper.launch"]).toMatchObject({ capture: { asked: "terminal", used: "terminal" } });
  });

  it("asks, and gets what the person types", async () => {
    const run = await folder.startInTerminal({ line: 'printf "name? "; read name; echo "hello $name"' });
    await until(() => run.screen().includes("name? ") || undefined, "the program asks");
    run.write("Jürgen\r");
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    expect((await folder.recorded(run.launch)).output()).toBe("name? Jürgen\r\nhello Jürgen\r\n");
  });

  it("sees each change of size", async () => {
    const script = `
      process.stdout.on("resize", () => { console.log("now " + process.stdout.getWindowSize().join()); process.exit(); });
      setInterval(() => {}, 1000);
      console.log("ready");`;
    const run = await folder.startInTerminal({ line: nodeLine(script) });
    await until(() => run.screen().includes("ready") || undefined, "the program listens");
    run.resize(123, 45);
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    expect(run.screen()).toContain("now 123,45");
  });

  it("shows the person exactly what it writes, also without carriage returns", async () => {
    const script = `
      process.stdin.setRawMode(true);
      require("node:child_process").spawnSync("stty", ["-opost"], { stdio: "inherit" });
      process.stdout.write("\\u001b[31mred\\u001b[0m\\none\\r\\ntwo\\u001b7\\n\\b");`;
    const run = await folder.startInTerminal({ line: nodeLine(script) });
    await run.ended;
    const written = "\u001b[31mred\u001b[0m\none\r\ntwo\u001b7\n\b";
    expect(run.screen().startsWith(written)).toBe(true);
    expect((await folder.recorded(run.launch)).output()).toBe(written);
  });

  it("is interrupted by Ctrl+C, which is no failure of its own", async () => {
    const run = await folder.startInTerminal({ line: 'trap "" HUP; echo ready; exec sleep 1000' });
    await until(() => run.screen().includes("ready") || undefined, "the program runs");
    run.write("\u0003");
    expect(await run.ended).toMatchObject({ exitCode: 130 });
    const { state, command, root } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "failed", error: "interrupted by Ctrl+C" });
    expect(root.status).toBe("error");
    expect(command).toMatchObject({ interrupted: true, attributes: { signal: "SIGINT" } });
    expect(run.screen()).toContain("interrupted by Ctrl+C");
  });

  it("may take Ctrl+C for a key like any other", async () => {
    const script = `
      process.stdin.setRawMode(true);
      process.stdin.on("data", (key) => { console.log("key " + key[0]); process.exit(0); });
      console.log("ready");`;
    const run = await folder.startInTerminal({ line: nodeLine(script) });
    await until(() => run.screen().includes("ready") || undefined, "the program listens");
    run.write("\u0003");
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    const { output, state } = await folder.recorded(run.launch);
    expect(output()).toContain("key 3");
    expect(state.status).toBe("completed");
  });

  it("loses nothing of what it wrote just before its end", async () => {
    const line = "seq 1 20000; printf last; exit 7";
    const run = await folder.startInTerminal({ line });
    expect(await run.ended).toMatchObject({ exitCode: 7 });
    const all = `${Array.from({ length: 20_000 }, (_, index) => `${index + 1}\r\n`).join("")}last`;
    const { output, command } = await folder.recorded(run.launch);
    expect(output()).toBe(all);
    expect(run.screen().startsWith(all)).toBe(true);
    expect(command).toMatchObject({ status: "error", statusMessage: "exit 7", attributes: { exitCode: 7 } });
    expect(String(command.output).endsWith("20000\nlast")).toBe(true);
  });

  it("ends with one dim line that is not recorded", async () => {
    const run = await folder.startInTerminal({ line: "printf unfinished; exit 3" });
    await run.ended;
    const shown = run.screen().replaceAll("\u001b", "ESC");
    expect(shown).toMatch(
      /^unfinished\r\nESC\[2mtracekeeper: failed: exit 3 · [^·]+ · traces\/[^\r]+\.jsonESC\[22m\r\n$/,
    );
    expect((await folder.recorded(run.launch)).output()).toBe("unfinished");
  });

  it("leaves a crash that names the closed terminal, and is told that it was closed", async () => {
    const line = 'trap "echo told > told.txt; exit 0" HUP; echo ready; while :; do sleep 0.05; done';
    const run = await folder.startInTerminal({ line });
    await until(() => run.screen().includes("ready") || undefined, "the program runs");
    run.kill("SIGHUP");
    await run.ended;
    const { state, command, root } = await folder.recorded(run.launch);
    expect(state).toMatchObject({ status: "crashed" });
    expect(root.statusMessage).toBe("the terminal was closed");
    expect(command).toMatchObject({ interrupted: true, statusMessage: "the terminal was closed: exit 0" });
    expect(await readFile(folder.dir.join("work/told.txt"), "utf8")).toBe("told\n");
  });

  it("ends with its session when whatever holds the terminal is killed", async () => {
    const { launch, launchPath } = await folder.launch({
      line: "echo ready; exec sleep 1000",
      capture: "terminal",
      nodePty: await nodePtyFolder(),
    });
    const holder = spawn(pinnedNode, ["-e", holderScript, await nodePtyFolder(), folder.program, launchPath]);
    const { pid, childPid } = await running(launchPath);
    holder.kill("SIGKILL");
    await until(() => (!isThere(pid) && !isThere(childPid)) || undefined, "both are gone");
    const { state, root } = await folder.recorded(launch);
    expect(state.status).toBe("crashed");
    expect(root.statusMessage).toBe("the terminal was closed");
  });

  it("is not waited for by what it leaves running there", async () => {
    const line = "(setsid sh -c 'echo $$ > held.pid; exec sleep 1000' &); sleep 0.1; echo bye";
    const run = await folder.startInTerminal({ line });
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    const daemon = Number(await until(() => folder.text("work/held.pid"), "the daemon runs"));
    expect(isThere(daemon)).toBe(true);
    process.kill(daemon, "SIGKILL");
    const { command, state, output } = await folder.recorded(run.launch);
    expect(state.status).toBe("completed");
    expect(output()).toBe("bye\r\n");
    expect(command.events).toMatchObject([{ name: "tracekeeper.streams-held", attributes: { streams: ["terminal"] } }]);
  });

  it("is left to itself where it does not end with its terminal, and the trace says so", async () => {
    const run = await folder.startInTerminal({ line: 'trap "" HUP; echo ready; while :; do sleep 0.05; done' });
    await until(() => run.screen().includes("ready") || undefined, "the program runs");
    const { childPid } = await running(run.launchPath);
    run.kill("SIGHUP");
    await run.ended;
    process.kill(childPid, "SIGKILL");
    const { state, root } = await folder.recorded(run.launch);
    expect(state.status).toBe("crashed");
    expect(root.statusMessage).toBe("the terminal was closed: it is still there");
  });
});

describe("where no terminal can be had", () => {
  it("a missing node-pty leads to pipes, and the trace says why", async () => {
    const run = await folder.startInTerminal({ line: "test -t 1 || echo pipe", nodePty: folder.dir.join("nowhere") });
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    const { root, output, command } = await folder.recorded(run.launch);
    const reason = expect.stringContaining("node-pty can't be loaded");
    const capture = { asked: "terminal", used: "pipes", reason };
    expect(root.attributes?.["tracekeeper.launch"]).toMatchObject({ capture });
    expect(command.input).toMatchObject({ capture: "pipes" });
    expect(output("stdout")).toBe("pipe\n");
    expect(run.screen()).toContain("pipes in place of a terminal");
  });

  it("a process without a terminal gives its program pipes", async () => {
    const run = await folder.start({ line: "echo there", capture: "terminal", nodePty: "/nowhere" });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const { root } = await folder.recorded(run.launch);
    expect(root.attributes?.["tracekeeper.launch"]).toMatchObject({
      capture: { asked: "terminal", used: "pipes", reason: "this process has no terminal" },
    });
  });
});
