// `tracekeeper resume`: what it goes on with, what it asks, and what it refuses.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { thisMachine } from "../src/recorder/liveness";
import { loadNodePty } from "../src/session/nodePty";
import { nodePtyFolder, until } from "./session/runs";
import { type BuiltCli, buildCli } from "./support/builtCli";
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

function tracekeeper(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return cli.run(words, { cwd: folder.path, env });
}

const failing = `name: Sample
params: { who: { default: world }, token: { secret: true, required: false } }
steps:
  - { id: first, action: run, with: { command: "echo first {who} >> done" } }
  - { id: second, action: run, with: { command: "echo second >> done; test -e go || exit 3" } }
`;
const changed = failing.replace("echo first", "echo 1st");
const questionWords = "step first does something else in the playbook than when it ran";

async function runFailing(...words: readonly string[]): Promise<void> {
  await folder.write("sample.playbook.yaml", failing);
  expect((await tracekeeper(["run", "sample.playbook.yaml", ...words])).code).toBe(1);
  await folder.write("go", "");
}

async function done(): Promise<string> {
  return (await readFile(folder.join("done"), "utf8")).trim().replaceAll("\n", ", ");
}

/** Types the answer when the question is there. */
async function answered(words: readonly string[], question: string, answer: string): Promise<string> {
  const terminal = loadNodePty(await nodePtyFolder()).spawn(process.execPath, [cli.path, ...words], {
    cols: 300,
    rows: 30,
    cwd: folder.path,
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" } as Record<string, string>,
  });
  let screen = "";
  terminal.onData((data) => {
    screen += String(data);
  });
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  await until(() => screen.includes(question) || undefined, "the question is asked");
  terminal.write(answer);
  return `${await ended} ${screen}`;
}

describe("tracekeeper resume", () => {
  it("goes on with the last session of a playbook, with its parameters", async () => {
    await runFailing("--param", "who=you");
    await tracekeeper(["run", "--", process.execPath, "-e", "0"]);
    const { code, stderr } = await tracekeeper(["resume"]);
    expect(stderr).toContain("step first finished in an earlier run");
    expect(code).toBe(0);
    expect(await done()).toBe("first you, second, second");
    const again = await tracekeeper(["resume"]);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(
      /^tracekeeper: All steps of sample_\S+ have finished: nothing is left to go on with\n$/,
    );
  });

  it("goes on with a session that is named, and says of which it is with --json", async () => {
    await runFailing();
    const first = JSON.parse((await tracekeeper(["ls", "--json"])).stdout) as { id: string; file: string };
    await tracekeeper(["run", "sample.playbook.yaml"]);
    const { stderr, code } = await tracekeeper(["resume", "--json", first.id]);
    expect(code).toBe(0);
    expect(JSON.parse(stderr)).toMatchObject({
      type: "run",
      state: "completed",
      resumes: first.file,
      steps: [
        { id: "first", status: "ok", replayed: true },
        { id: "second", status: "ok" },
      ],
    });
  });

  it("runs a changed step again or takes it as it was, as it is told, and nothing where it is told nothing", async () => {
    await runFailing();
    await folder.write("sample.playbook.yaml", changed);
    const refused = await tracekeeper(["resume"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      `tracekeeper: ${questionWords}. --rerun-changed runs such steps again, --keep-changed takes them as they were\n`,
    );
    expect((await tracekeeper(["resume", "--rerun-changed", "--keep-changed"])).code).toBe(2);
    expect(await done()).toBe("first world, second");
    const [id] = (await tracekeeper(["ls"])).stdout.match(/sample_\S+/) ?? [];
    expect((await tracekeeper(["resume", "--keep-changed", id ?? ""])).code).toBe(0);
    const twice = await tracekeeper(["resume", "--rerun-changed", id ?? ""]);
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(
      /^tracekeeper: sample_\S+ was resumed by sample_\S+: resume that one; --again goes on with it all the same\n$/,
    );
    expect((await tracekeeper(["resume", "--again", "--rerun-changed", id ?? ""])).code).toBe(0);
    expect(await done()).toBe("first world, second, second, 1st world, second");
  });

  it("asks a person at a terminal", async () => {
    await runFailing();
    await folder.write("sample.playbook.yaml", changed);
    const left = await answered(["resume"], "Run it again? [y/n]", "\u0003");
    expect(left).toContain("nothing was run");
    expect(left).toMatch(/^2 /);
    expect(await done()).toBe("first world, second");
    const said = await answered(["resume"], "Run it again? [y/n]", "y\r");
    expect(said).toContain(`${questionWords} (${join(folder.path, "sample.playbook.yaml")}:4). Run it again?`);
    expect(said).toMatch(/^0 /);
    expect(await done()).toBe("first world, second, 1st world, second");
  });

  it("runs a finished step again that is named", async () => {
    await runFailing();
    expect((await tracekeeper(["resume", "--rerun", "other"])).stderr).toContain("No step other has finished");
    expect((await tracekeeper(["resume", "--rerun", "first"])).code).toBe(0);
    expect(await done()).toBe("first world, second, first world, second");
  });

  it("wants secrets again, and says how they are given", async () => {
    await runFailing("--param", "token=swordfish");
    const refused = await tracekeeper(["resume"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      'tracekeeper: Parameter "token" is a secret, which no trace holds: it has to be given again. --param-env token=<variable> takes it from the environment.\n',
    );
    const { code } = await tracekeeper(["resume", "--param-env", "token=TOKEN"], { TOKEN: "swordfish" });
    expect(code).toBe(0);
    expect(await done()).toBe("first world, second, second");
  });

  it("finds a playbook whose path holds a secret, and is told where it is where several could be meant", async () => {
    const env = { TOKEN: "swordfish" };
    const words = ["--param-env", "token=TOKEN"];
    await folder.write("swordfish-1/sample.playbook.yaml", failing);
    expect((await tracekeeper(["run", "swordfish-1/sample.playbook.yaml", ...words], env)).code).toBe(1);
    await folder.write("other-1/sample.playbook.yaml", failing);
    const refused = await tracekeeper(["resume", ...words], env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /several playbooks fit it: \S+\/•••-1\/sample\.playbook\.yaml; --playbook says which one it is\n$/,
    );
    await folder.write("swordfish-1/go", "");
    const { code, stderr } = await tracekeeper(
      ["resume", ...words, "--playbook", "swordfish-1/sample.playbook.yaml"],
      env,
    );
    expect(stderr).not.toContain("swordfish");
    expect(code).toBe(0);
  });

  it.runIf(process.platform === "linux")(
    "refuses while a program of a killed session still runs, until it is told what becomes of that",
    async () => {
      // Until it is ended, or until its folder is gone.
      const waiting = "while test -e done; do sleep 0.05; done";
      await folder.write(
        "sample.playbook.yaml",
        `name: Sample
steps:
  - { id: first, action: run, with: { command: "echo first >> done" } }
  - { id: second, action: run, with: { command: "echo $$ >> pids; if ! test -e go; then kill -9 $PPID; ${waiting}; fi" } }
`,
      );
      expect((await tracekeeper(["run", "sample.playbook.yaml"])).code).not.toBe(0);
      await folder.write("go", "");
      const [pid = ""] = (await readFile(folder.join("pids"), "utf8")).split("\n");
      const refused = await tracekeeper(["resume"]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(
        /^tracekeeper: sample_\S+ was cut off, and something that it started still runs: process /,
      );
      expect(refused.stderr).toContain(`process ${pid} of step second`);
      expect(refused.stderr).toContain(
        ". --end-left ends that first, --keep-left lets it run beside the steps that run again\n",
      );
      expect((await tracekeeper(["resume", "--end-left", "--keep-left"])).code).toBe(2);
      expect((await tracekeeper(["resume", "--keep-left"])).code).toBe(0);
      const isThere = () => {
        const facts = thisMachine().process(Number(pid));
        return facts.type === "present" && !facts.isZombie;
      };
      expect(isThere()).toBe(true);
      const listed = (await tracekeeper(["ls", "--json"])).stdout.trim().split("\n");
      const sessions = listed.map((line) => JSON.parse(line) as { id: string; state: string; endedAtStep?: number });
      const { id = "", endedAtStep } = sessions.find(({ state }) => state === "crashed") ?? {};
      expect(endedAtStep).toBe(2);
      expect((await tracekeeper(["ls"])).stdout).toMatch(/^✗ Crashed .* at step 2 /m);
      expect(await tracekeeper(["resume", "--again", "--end-left", id])).toMatchObject({ code: 0 });
      expect(isThere()).toBe(false);
      expect(await done()).toBe("first");
    },
  );

  it("leaves a playbook that is none to the person, and goes on once it is one", async () => {
    await runFailing();
    await folder.write("sample.playbook.yaml", "name: [\n");
    expect((await tracekeeper(["resume"])).code).toBe(2);
    await folder.write("sample.playbook.yaml", failing);
    expect((await tracekeeper(["resume"])).code).toBe(0);
    expect(await done()).toBe("first world, second, second");
  });

  it("has nothing to go on with where the run was to save nothing", async () => {
    await runFailing("--no-checkpoints");
    const { code, stderr } = await tracekeeper(["resume"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tracekeeper: sample_\S+ holds nothing to go on from: it was run without checkpoints, /);
    const stray = await tracekeeper(["run", "--no-checkpoints", "--", process.execPath, "-e", "0"]);
    expect(stray.stderr).toBe("tracekeeper: --no-checkpoints is for a playbook\n");
  });

  it("says where there is nothing to resume", async () => {
    await folder.write(".tracekeeper/traces/.keep", "");
    const { code, stderr } = await tracekeeper(["resume"]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no session of a playbook");
  });
});
