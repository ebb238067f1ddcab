// `tracekeeper tail` beside a real session: live as long as it is there, from the disk otherwise, never a mixture.
import { readdir } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "./session/runs";
import { type BuiltCli, buildCli, type CliResult, resultOf } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

let cli: BuiltCli;
let folder: TempDir;

beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

const options = () => ({ cwd: folder.path, env: { TMPDIR: folder.path } });
const tail = (...words: string[]): Promise<CliResult> => cli.run(["tail", ...words], options());

/** A session that waits for a line on its standard input. */
async function started(script: string) {
  const child = cli.start(["run", "--", process.execPath, "-e", script], options());
  const ended = resultOf(child);
  await until(async () => (await names()).find((name) => name.endsWith(".stream")), "it can be followed");
  return { child, ended };
}

async function names(): Promise<string[]> {
  return await readdir(folder.join(".tracekeeper/traces")).catch(() => []);
}

/** Stays until its session has gone, however that went. */
const staying = "const parent = process.ppid; setInterval(() => process.ppid === parent || process.exit(), 100)";

describe("tracekeeper tail", () => {
  it("shows the newest session that runs, line by line, to its end", async () => {
    const { child, ended } = await started(
      `process.stdin.once("data", () => { console.log("one\\u001b[31m"); console.error("two"); process.exit(4); })`,
    );
    const tailing = cli.start(["tail"], options());
    let shown = "";
    tailing.stdout.on("data", (piece) => {
      shown += String(piece);
    });
    const tailed = resultOf(tailing);
    await until(() => (shown.includes("● command") ? true : undefined), "the open step is shown");
    child.stdin.end("go\n");
    const { code, stderr } = await tailed;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(shown).toContain("│ one␛[31m\n");
    expect(shown).toContain("┃ two\n");
    expect(shown).toMatch(/✗ command .* exit 4 · /);
    expect(shown.trimEnd().split("\n").at(-1)).toBe("failed: exit 4");
    expect((await ended).code).toBe(4);
  });

  it("shows a session that has ended from the disk, and says so", async () => {
    await cli.run(["run", "--", process.execPath, "-e", `console.log("hello")`], options());
    const [name = ""] = await names();
    const { code, stdout, stderr } = await tail(name.replace(".json", ""));
    expect(code).toBe(0);
    expect(stdout).toContain("│ hello\n");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("completed");
    expect(stderr).toContain("this is the trace on the disk");
    const json = await tail("--json", name.replace(".json", ""));
    const lines = json.stdout.trimEnd().split("\n");
    expect(new Set(lines.map((line) => (JSON.parse(line) as { source: string }).source))).toEqual(
      new Set(["persisted"]),
    );
    const trace = await tail("--trace", name.replace(".json", ""));
    expect((JSON.parse(trace.stdout) as { spans: unknown[] }).spans.length).toBeGreaterThan(2);
  });

  it("says of a session that is killed in the middle that what was shown is partial", async () => {
    const { child, ended } = await started(staying);
    const tailing = cli.start(["tail"], options());
    let shown = "";
    tailing.stdout.on("data", (piece) => {
      shown += String(piece);
    });
    const tailed = resultOf(tailing);
    await until(() => (shown.includes("● command") ? true : undefined), "the open step is shown");
    child.kill("SIGKILL");
    const { code, stdout, stderr } = await tailed;
    expect(code).toBe(1);
    expect(stdout + shown).not.toContain("crashed");
    expect(stderr).toContain("the connection broke off; what was shown is partial");
    await ended;
  });

  it("names what is missing or wrong", async () => {
    expect(await tail()).toMatchObject({ code: 1, stderr: expect.stringContaining(".tracekeeper/traces") });
    expect(await tail("one", "two")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`"two" is another one`),
    });
    expect(await tail("--json", "--trace", "x")).toMatchObject({ code: 2 });
    await cli.run(["run", "--", process.execPath, "-e", "0"], options());
    expect(await tail()).toMatchObject({ code: 1, stderr: expect.stringContaining("No session runs in") });
  });
});
