// `tracekeeper run` with playbooks: exit codes, parameters, and what is said of steps.
import { readdir, readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "./session/runs";
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
});
afterEach(() => folder.remove());

function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return cli.run(["run", ...words], { cwd: folder.path, env });
}

async function traceTexts(): Promise<string[]> {
  const names = await readdir(folder.join(".tracekeeper/traces")).catch(() => []);
  const traces = names.filter((name) => name.endsWith(".json"));
  return await Promise.all(traces.map((name) => readFile(folder.join(`.tracekeeper/traces/${name}`), "utf8")));
}

const greeting = `name: Greeting
params: { who: { type: string }, times: { type: number, default: 1 }, token: { type: string, secret: true, default: none-at-all } }
steps:
  - id: greet
    action: run
    with: { command: "echo {who} {times} {token}" }
  - id: check
    name: Check it
    action: run
    with: { command: "exit {times}" }
    expect: { exit_code: 1 }
    failure_message: "{times} is wrong"
`;

describe("tracekeeper run with a playbook", () => {
  it("runs it with its parameters, says which steps run, and ends with 0 where all hold", async () => {
    await folder.write("greeting.playbook.yaml", greeting);
    const { code, stdout, stderr } = await run(["greeting.playbook.yaml", "--param", "who=a=b c"]);
    expect(stdout).toBe("a=b c 1 •••\n");
    expect(stderr.split("\n").slice(0, 2)).toEqual(["tracekeeper: step greet", "tracekeeper: step check: Check it"]);
    expect(stderr).toMatch(/\ntracekeeper: completed · .* · tracekeeper show greeting_\S+\n$/);
    expect(code).toBe(0);
  });

  it("is listed with the failures that its trace shows, whatever its attempts did before", async () => {
    const tries = 'echo . >> tries.txt; test "$(wc -l < tries.txt)" -ge 3';
    const playbook = (last: string) => `name: Tries
steps:
  - { id: try, action: run, with: { command: '${tries}' }, retries: { times: 2, backoff: 1ms } }
  - { id: last, action: run, with: { command: "${last}" } }
`;
    const failures = async (last: string) => {
      await folder.write("tries.txt", "");
      await folder.write("tries.playbook.yaml", playbook(last));
      await run(["tries.playbook.yaml"]);
      const listed = JSON.parse((await cli.run(["ls", "--json", "--limit", "1"], { cwd: folder.path })).stdout);
      const shown = (await cli.run(["show", "--json", listed.id], { cwd: folder.path })).stdout;
      const session = shown.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)));
      const { failures: count, recovered } = session.find(({ type }) => type === "session");
      return { state: listed.state, failedSteps: listed.failedSteps, shown: count, recovered };
    };
    expect(await failures("exit 5")).toEqual({ state: "failed", failedSteps: 1, shown: 1, recovered: 2 });
    expect(await failures("true")).toEqual({ state: "completed", failedSteps: 0, shown: 0, recovered: 2 });
  });

  it("ends with 1 where a step fails, and tells its place", async () => {
    await folder.write("greeting.playbook.yaml", greeting);
    const { code, stderr } = await run(["greeting.playbook.yaml", "--param", "who=x", "--param", "times=3"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`step check failed: 3 is wrong (${folder.join("greeting.playbook.yaml")}:7)\n`);
    expect(stderr).toContain("tracekeeper: failed: Check it: 3 is wrong · ");
  });

  it("takes a secret from the environment, and keeps it out of the trace", async () => {
    await folder.write("greeting.playbook.yaml", greeting);
    const words = ["greeting.playbook.yaml", "--param", "who=x", "--param-env", "token=MY_TOKEN", "-q"];
    const { code, stdout, stderr } = await run(words, { MY_TOKEN: "hunter22" });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "x 1 •••\n", stderr: "" });
    for (const text of await traceTexts()) expect(text).not.toContain("hunter22");
  });

  it("tells the end of a failed run without its secrets, in words and as JSON", async () => {
    await folder.write("greeting.playbook.yaml", greeting.replace("{times} is wrong", "{token} is wrong"));
    const words = ["greeting.playbook.yaml", "--param", "who=x", "--param", "times=3", "--param-env", "token=MY_TOKEN"];
    const plain = await run(words, { MY_TOKEN: "hunter22" });
    expect(plain.stderr).toContain("tracekeeper: failed: Check it: ••• is wrong · ");
    expect(plain.stdout + plain.stderr).not.toContain("hunter22");
    const json = await run([...words, "--json"], { MY_TOKEN: "hunter22" });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: "Check it: ••• is wrong" });
    expect(json.stdout + json.stderr).not.toContain("hunter22");
  });

  it("gives the results of all steps as JSON, the failed one with them", async () => {
    await folder.write("greeting.playbook.yaml", greeting);
    const { stderr } = await run(["greeting.playbook.yaml", "--param", "who=x", "--param", "times=3", "--json"]);
    expect(JSON.parse(stderr)).toMatchObject({
      state: "failed",
      exitCode: 1,
      error: "Check it: 3 is wrong",
      steps: [
        { id: "greet", status: "ok", attempts: 1 },
        { id: "check", status: "failed", attempts: 1, message: "3 is wrong" },
      ],
    });
  });

  it("runs and records nothing where it was asked for wrongly: exit code 2 and one line", async () => {
    await folder.write("greeting.playbook.yaml", greeting);
    await folder.write("broken.playbook.yaml", "name: Broken\nsteps:\n  - { id: x, action: rum }\n");
    const wrong: [readonly string[], RegExp][] = [
      [["greeting.playbook.yaml"], /Parameter "who" is required/],
      [["greeting.playbook.yaml", "--param", "who=x", "--param", "times=many"], /Parameter "times" must be a number/],
      [
        ["greeting.playbook.yaml", "--param", "who=x", "--param", "token=abc"],
        /Parameter "token" is a secret and must/,
      ],
      [["greeting.playbook.yaml", "--param", "whom=x"], /There is no parameter "whom"\. Did you mean "who"\?/],
      [["greeting.playbook.yaml", "--param", "who"], /--param takes <name>=<value>/],
      [["greeting.playbook.yaml", "--param", "who=x", "--param", "who=y"], /"who" is given twice/],
      [["greeting.playbook.yaml", "--param-env", "token=NOT_SET_AT_ALL"], /NOT_SET_AT_ALL is not set/],
      [["greeting.playbook.yaml", "other.playbook.yaml"], /another word/],
      [["missing.playbook.yaml"], /can't be read: ENOENT/],
      [["broken.playbook.yaml"], /broken\.playbook\.yaml:3:\d+: error: /],
      [["--param", "a=b", "--", "true"], /--param is for a playbook/],
    ];
    for (const [words, message] of wrong) {
      const { code, stderr, stdout } = await run(words);
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
    expect(await traceTexts()).toEqual([]);
  });

  it("ends with its step on Ctrl+C, and keeps what came of the others", async () => {
    await folder.write(
      "waits.playbook.yaml",
      `name: Waits
steps:
  - { id: first, action: run, with: { command: "echo one" } }
  - { id: waits, action: run, with: { command: "echo two; exec sleep 1000" } }
  - { id: never, action: run, with: { command: "echo three" } }
`,
    );
    const child = cli.start(["run", "waits.playbook.yaml", "--json"], { cwd: folder.path, isGroup: true });
    let shown = "";
    child.stdout.on("data", (text: Buffer) => {
      shown += text;
    });
    const ended = resultOf(child);
    await until(() => shown.includes("two") || undefined, "the second step runs");
    process.kill(-(child.pid ?? 0), "SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(shown).toBe("one\ntwo\n");
    expect(JSON.parse(stderr)).toMatchObject({
      interrupted: true,
      steps: [
        { id: "first", status: "ok" },
        { id: "waits", status: "failed" },
      ],
    });
  });
});
