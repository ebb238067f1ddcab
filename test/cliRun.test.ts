// `tracekeeper run` with real programs: their output and exit codes as without it, and what is recorded of them.
import { once } from "node:events";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchedProgram } from "../src/cli/launchedProgram";
import { sessionIdFor } from "../src/cli/sessionId";
import { loadNodePty } from "../src/session/nodePty";
import { nodePtyFolder } from "./session/runs";
import { type BuiltCli, buildCli, resultOf } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

let cli: BuiltCli;
let folder: TempDir;

beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  folder = await makeTempDir();
  await mkdir(folder.join("tmp"));
});
afterEach(() => folder.remove());

function tracekeeper(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return cli.run(words, { cwd: folder.path, env: { TMPDIR: folder.join("tmp"), ...env } });
}

/** Runs a program of Node. */
function runNode(source: string, ...options: readonly string[]) {
  return tracekeeper(["run", ...options, "--", process.execPath, "-e", source]);
}

/** All that a terminal shows, in which the command is run to its end. */
async function inTerminal(words: readonly string[]): Promise<string> {
  const plain = { NO_COLOR: "1", FORCE_COLOR: undefined, NODE_OPTIONS: undefined, NODE_V8_COVERAGE: undefined };
  const env = Object.entries({ ...process.env, TMPDIR: folder.join("tmp"), ...plain });
  const terminal = loadNodePty(await nodePtyFolder()).spawn(process.execPath, [cli.path, ...words], {
    cols: 200,
    rows: 30,
    cwd: folder.path,
    env: Object.fromEntries(env.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  });
  let screen = "";
  terminal.onData((data) => {
    screen += String(data);
  });
  await new Promise((resolve) => terminal.onExit(resolve));
  return screen;
}

/** The only session of the default directory, as `show --json` writes it. */
async function recorded(...options: readonly string[]): Promise<Record<string, unknown>[]> {
  const [id] = await ids();
  const { code, stdout, stderr } = await tracekeeper(["show", id ?? "", "--json", ...options]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

async function ids(): Promise<string[]> {
  const { stdout } = await tracekeeper(["ls", "--json"]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).id);
}

const commandOf = (objects: readonly Record<string, unknown>[]) => objects.find(({ name }) => name === "command");

describe("the program of tracekeeper run", () => {
  it.each([
    ["process.exit(0)", 0, "completed", "completed"],
    ["process.exit(3)", 3, "failed: exit 3", "failed"],
    ["process.exit(130)", 130, "failed: exit 130", "failed"],
    ["process.kill(process.pid, 'SIGKILL')", 137, "failed: killed by SIGKILL", "failed"],
    ["process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", 143, "failed: killed by SIGTERM", "failed"],
  ])("%s ends it with exit code %i", async (source, exitCode, said, state) => {
    const { code, stdout, stderr } = await runNode(source);
    const [id = ""] = await ids();
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^tracekeeper: ${said} · [\\d.]+ m?s · tracekeeper show ${id}\n$`));
    expect((await recorded())[0]).toMatchObject({ state });
  });

  it("may be one that is not there, or that can't be started", async () => {
    await folder.write("plain.txt", "");
    expect(await tracekeeper(["run", "-q", "--", "no-such-program", "x"])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining("no-such-program was not found"),
    });
    expect((await tracekeeper(["run", "-q", "--", "./plain.txt"])).code).toBe(126);
    const { stdout } = await tracekeeper(["ls", "--failed", "--json"]);
    const errors = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).error);
    expect(errors.sort()).toEqual([
      "could not be started: ./plain.txt can't be executed",
      "could not be started: no-such-program was not found",
    ]);
  });

  it("gets its words as they are, its input, and our folder", async () => {
    const words = ["", "a b", "$HOME", "'\"", "--json", "--", "*", "漢"];
    const source =
      "process.stdin.pipe(process.stdout); console.log(JSON.stringify([process.argv.slice(1), process.cwd()]))";
    const child = cli.start(["run", "-q", "--", process.execPath, "-e", source, "--", ...words], { cwd: folder.path });
    child.stdin.end("typed");
    const { stdout } = await resultOf(child);
    expect(JSON.parse(stdout.slice(0, stdout.indexOf("\n")))).toEqual([words, folder.path]);
    expect(stdout.endsWith("\ntyped")).toBe(true);
  });

  it("writes to both streams as without it, and all of it is recorded", async () => {
    const { stdout, stderr } = await runNode(
      "console.log('out'); console.error('err'); process.stdout.write('no end')",
      "-q",
    );
    expect({ stdout, stderr }).toEqual({ stdout: "out\nno end", stderr: "err\n" });
    const bursts = (await recorded("--full")).flatMap(({ attributes, output }) => {
      const burst = (attributes as Record<string, unknown> | undefined)?.["tracekeeper.output"];
      return typeof burst === "object" ? [[(burst as { stream: string }).stream, output]] : [];
    });
    const textOf = (stream: string) => bursts.flatMap(([of, text]) => (of === stream ? [text] : [])).join("");
    expect([textOf("stdout"), textOf("stderr")]).toEqual(["out\nno end", "err\n"]);
  });

  it("is interrupted with us by Ctrl+C, and that is told from a failure", async () => {
    const child = cli.start(["run", "--", process.execPath, "-e", "console.log('up'); setInterval(() => {}, 1000)"], {
      cwd: folder.path,
      isGroup: true,
    });
    const result = resultOf(child);
    await once(child.stdout, "data");
    process.kill(-(child.pid ?? 0), "SIGINT");
    const { code, stderr } = await result;
    expect(code).toBe(130);
    expect(stderr).toContain("tracekeeper: interrupted by Ctrl+C · ");
    const objects = await recorded();
    expect(objects[0]).toMatchObject({ state: "failed", error: "interrupted by Ctrl+C" });
    expect(commandOf(objects)).toMatchObject({ status: "interrupted" });
    const { stdout } = await tracekeeper(["show", (await ids())[0] ?? ""]);
    expect(stdout).toMatch(/⊘ command .* interrupted /);
    expect(stdout).not.toContain("Failing step");
  });

  it("is stopped with us by a signal that reaches us alone", async () => {
    const child = cli.start(["run", "--", process.execPath, "-e", "console.log('up'); setInterval(() => {}, 1000)"], {
      cwd: folder.path,
    });
    const result = resultOf(child);
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const { code, stderr } = await result;
    expect(code).toBe(130);
    expect(stderr).toContain("tracekeeper: stopped by SIGTERM · ");
  });

  it("is told when nobody reads its output any more", async () => {
    const child = cli.start(["run", "-q", "--", "yes"], { cwd: folder.path });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const { code } = await resultOf(child);
    expect(code).toBe(141);
    expect((await recorded())[0]).toMatchObject({ state: "failed", error: "killed by SIGPIPE" });
  });

  it("sends its spans to us", async () => {
    const source = `
      const id = (length) => "7".repeat(length);
      const nowNs = String(BigInt(Date.now()) * 1000000n);
      const span = { traceId: id(32), spanId: id(16), name: "import rows", kind: 1, startTimeUnixNano: nowNs, endTimeUnixNano: nowNs };
      const [name, value] = process.env.OTEL_EXPORTER_OTLP_HEADERS.split("=");
      fetch(process.env.OTEL_EXPORTER_OTLP_ENDPOINT + "/v1/traces", {
        method: "POST",
        headers: { "content-type": "application/json", [name]: decodeURIComponent(value) },
        body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
      }).then((response) => process.exit(response.status === 200 ? 0 : 9));`;
    expect((await runNode(source)).code).toBe(0);
    const objects = await recorded();
    expect(objects.find(({ name }) => name === "import rows")).toMatchObject({ depth: 2, status: "ok" });
  });
});

describe("the record of tracekeeper run", () => {
  it("is in the default directory, which nobody commits, and shows the command", async () => {
    await runNode("console.log('done')");
    expect(await readFile(folder.join(".tracekeeper/.gitignore"), "utf8")).toBe("*\n");
    const [file = ""] = await readdir(folder.join(".tracekeeper/traces"));
    expect(file).toMatch(/^node_\d{8}-\d{6}_[0-9a-f]{4}\.json$/);
    if (process.platform !== "win32") {
      expect((await stat(folder.join(".tracekeeper/traces"))).mode & 0o777).toBe(0o700);
      expect((await stat(folder.join(".tracekeeper/traces", file))).mode & 0o777).toBe(0o600);
    }
    const { stdout } = await tracekeeper(["show", basename(file, ".json")]);
    expect(stdout).toMatch(/✓ command {2}\S+ -e 'console\.log/);
    expect(stdout).toContain("│  done\n");
  });

  it("is where --dir says, under the name of --title", async () => {
    const { stderr } = await runNode("0", "--dir", "my traces", "--title", "A title\u001b[2J");
    const [file = ""] = await readdir(folder.join("my traces"));
    expect(file).toMatch(/^a-title-2j_/);
    expect(stderr).toContain(`tracekeeper show '${join("my traces", file)}'\n`);
    const { stdout } = await tracekeeper(["show", join("my traces", file)]);
    expect(stdout).toContain("✓ Completed  A title\n");
  });

  it("holds where the program failed", async () => {
    await folder.write("app.js", "function broken() { throw new TypeError('no total'); }\nbroken();\n");
    const { code } = await tracekeeper(["run", "--", process.execPath, "app.js"]);
    expect(code).toBe(1);
    const [id = ""] = await ids();
    const { stdout } = await tracekeeper(["show", id]);
    expect(stdout).toMatch(/✗ Failing step {2}command {2}\S+ app\.js +exit 1/);
    expect(stdout).toContain(`  at ${folder.join("app.js")}:1:27\n`);
    expect(stdout).toContain("  │ TypeError: no total\n");
  });

  it.each(["pipes", "none", "terminal"])("says how the output was captured: %s", async (capture) => {
    const { stdout, stderr } = await runNode("console.log('seen')", "--capture", capture);
    expect(stdout).toBe("seen\n");
    const objects = await recorded("--full");
    const used = capture === "terminal" ? "pipes" : capture;
    const reason = "this process has no terminal";
    expect(objects[1]).toMatchObject({
      attributes: { "tracekeeper.launch": { capture: { asked: capture, used } } },
    });
    expect(JSON.stringify(objects[1]).includes(reason)).toBe(capture === "terminal");
    expect(stderr.includes(`pipes in place of a terminal, because ${reason}`)).toBe(capture === "terminal");
    expect(JSON.stringify(objects).includes("seen\\n")).toBe(capture !== "none");
    const { stdout: shown } = await tracekeeper(["show", (await ids())[0] ?? ""]);
    expect(shown.includes(`captured with pipes in place of a terminal: ${reason}`)).toBe(capture === "terminal");
    expect(shown.includes("its output was not captured")).toBe(capture === "none");
  });

  it.runIf(process.platform !== "win32")("says on one line why a terminal has no terminal of its own", async () => {
    const said = await inTerminal(["run", "--", process.execPath, "-p", "'seen'"]);
    const [note, seen, end, rest] = said.split("\r\n");
    expect(note).toMatch(/^tracekeeper: pipes in place of a terminal, because .*node-pty/);
    expect(seen).toBe("seen");
    expect([end?.startsWith("tracekeeper: completed · "), rest]).toEqual([true, ""]);
    const launch = (await recorded("--full"))[1]?.["attributes"];
    expect(launch).toMatchObject({
      "tracekeeper.launch": {
        capture: { asked: "terminal", used: "pipes", reason: expect.stringContaining("node-pty") },
      },
    });
  });

  it.runIf(process.platform !== "win32")("says nothing of it with --quiet, and uses pipes", async () => {
    expect(await inTerminal(["run", "-q", "--", process.execPath, "-p", "'seen'"])).toBe("seen\r\n");
    const launch = (await recorded("--full"))[1]?.["attributes"];
    expect(launch).toMatchObject({ "tracekeeper.launch": { capture: { used: "pipes" } } });
  });

  it("is one JSON object on a line of its own with --json, and nothing with --quiet", async () => {
    const { stdout, stderr } = await runNode(
      "process.stdout.write('a'); process.stderr.write('b'); process.exit(3)",
      "--json",
    );
    expect(stdout).toBe("a");
    const [first, second, end] = stderr.split("\n");
    expect([first, end]).toEqual(["b", ""]);
    const [id = ""] = await ids();
    expect(JSON.parse(second ?? "")).toEqual({
      type: "run",
      id,
      sessionId: id,
      file: folder.join(".tracekeeper/traces", `${id}.json`),
      state: "failed",
      error: "exit 3",
      exitCode: 3,
      command: expect.stringContaining("process.exit(3)"),
      cwd: folder.path,
      capture: "pipes",
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      durationMs: expect.any(Number),
    });
    expect((await runNode("0", "--quiet")).stderr).toBe("");
  });

  it("survives us: a session whose tracekeeper was killed is shown as crashed and recovered", async () => {
    const child = cli.start(["run", "--", process.execPath, "-e", "console.log('up'); process.stdin.resume()"], {
      cwd: folder.path,
    });
    const result = resultOf(child);
    await once(child.stdout, "data");
    const [id = ""] = await ids();
    expect((await tracekeeper(["ls", "--running", "--json"])).stdout).toContain(id);
    child.kill("SIGKILL");
    await result;
    const { stdout } = await tracekeeper(["show", id]);
    expect(stdout).toMatch(/^✗ Crashed /);
    expect(stdout).toMatch(/In progress when it stopped {2}command {2}/);
    expect(stdout).toMatch(/\n {2}killed\b/);
    expect(stdout).toContain("│  up\n");
    expect((await tracekeeper(["recover"])).stdout).toContain(`${id}: recovered, crashed`);
    expect(await readdir(folder.join(".tracekeeper/traces"))).toEqual(
      expect.arrayContaining([`${id}.crash`, `${id}.json`]),
    );
  });

  it("is missed by nobody but us where it can't be made", async () => {
    await folder.write("file", "");
    const { code, stdout, stderr } = await runNode("console.log('ran'); process.exit(4)", "--dir", "file/traces");
    expect({ code, stdout }).toEqual({ code: 4, stdout: "ran\n" });
    expect(stderr).toMatch(/^tracekeeper: nothing is recorded: /);
    expect(stderr).toMatch(/could not be recorded\n$/);
  });

  it("leaves nothing in the temporary folder", async () => {
    await runNode("0");
    expect(await readdir(folder.join("tmp"))).toEqual([]);
  });
});

describe("the id of a run", () => {
  const at = new Date(2026, 10, 21, 9, 5, 7);
  it.each([
    [["npm", "run", "build", "--", "--prod"], undefined, "npm-run-build_20261121-090507_00ff"],
    [["/usr/bin/node", "src/app.js", "SECRET=1"], undefined, "node-app-js_20261121-090507_00ff"],
    [["curl", "-H", "Authorization: x"], undefined, "curl_20261121-090507_00ff"],
    [["C:\\tools\\x.exe"], undefined, "x-exe_20261121-090507_00ff"],
    [["漢字"], undefined, "run_20261121-090507_00ff"],
    [["true"], "Übung Nr. 1!", "u-bung-nr-1_20261121-090507_00ff"],
  ])("of %j is its plain words, its time and four digits", (words, title, id) => {
    expect(sessionIdFor(words, title, at, "00ff")).toBe(id);
  });
});

describe("launchedProgram", () => {
  const files = ["C:\\node\\npm.cmd", "C:\\node\\node.exe", "C:\\tools\\git.exe", "C:\\tools\\git.cmd", ".\\x.bat"];
  const windows = {
    platform: "win32",
    env: { PATH: "C:\\tools;C:\\node", PATHEXT: ".EXE;.CMD;.BAT", ComSpec: "C:\\cmd.exe" },
    isFile: (path: string) => files.some((file) => file.toLowerCase() === path.toLowerCase()),
  } as const;

  it("is a file and its arguments", () => {
    expect(launchedProgram(["npm", "a b"])).toEqual({ type: "process", file: "npm", args: ["a b"] });
    expect(launchedProgram(["node", "x"], windows)).toEqual({ type: "process", file: "node", args: ["x"] });
    expect(launchedProgram(["git"], windows)).toEqual({ type: "process", file: "git", args: [] });
    expect(launchedProgram(["nothing"], windows)).toMatchObject({ type: "process" });
  });

  it("is a line for the shell where Windows has a script by that name", () => {
    expect(launchedProgram(["npm", "run", "a b"], windows)).toEqual({
      type: "shell",
      line: '^^^"C:\\node\\npm.CMD^^^" ^^^"run^^^" ^^^"a b^^^"',
      shell: "C:\\cmd.exe",
    });
    expect(launchedProgram([".\\x.bat", 'say "hi"\\', "100%"], windows)).toMatchObject({
      line: '^^^".\\x.bat^^^" ^^^"say \\^^^"hi\\^^^"\\\\^^^" ^^^"100^^^%^^^"',
    });
  });
});
