import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

const outer = (path: string, more = "") => `name: Outer
steps:
  - id: deploy
    action: playbook
    with: { path: ${path}, params: { count: 2, token: hunter22 } }
${more}`;

describe("a playbook within another one", () => {
  it("runs its steps below the step, with its own parameters, folder and secrets", async () => {
    await runs.folder.dir.write(
      "work/inner/inner.playbook.yaml",
      `name: Inner
params: { count: { type: number }, token: { type: string, secret: true } }
cwd: files
steps:
  - id: build
    name: Build it
    action: run
    with: { command: "pwd; echo {count} {token}" }
    expect: { file_exists: here.txt }
`,
    );
    await runs.folder.dir.write("work/inner/files/here.txt", "");
    const { code, tree, span, traceText, stdout } = await runs.run(
      outer(
        "inner/inner.playbook.yaml",
        `  - { id: after, action: run, with: { command: "echo {steps.deploy.output}" } }\n`,
      ),
    );
    expect(code).toBe(0);
    expect(tree).toEqual([
      "sample ok",
      "  deploy ok",
      "    playbook inner/inner.playbook.yaml ok",
      "      Build it ok",
      "        run ok",
      "  after ok",
      "    run ok",
    ]);
    expect(stdout).toContain("work/inner/files\n2 •••\n");
    expect(traceText).not.toContain("hunter22");
    expect(span("Build it").attributes).toMatchObject({
      "code.file.path": runs.folder.dir.join("work/inner/inner.playbook.yaml"),
      "code.line.number": 5,
    });
  });

  it("fails with the step that failed in it, whose line is its own", async () => {
    await runs.folder.dir.write(
      "work/failing.playbook.yaml",
      `name: Inner
steps:
  - { id: one, action: run, with: { command: "exit 5" }, failure_message: One is broken }
`,
    );
    const { code, tree, stderr } = await runs.run(
      outer("failing.playbook.yaml").replace(/params: .*\}/, "params: {} }"),
    );
    expect(code).toBe(1);
    expect(tree).toEqual([
      "sample error: deploy: one: One is broken",
      "  deploy error: one: One is broken",
      "    playbook failing.playbook.yaml error: one: One is broken",
      "      one error: One is broken",
      "        run error: exit code 5",
    ]);
    expect(stderr).toContain("failing.playbook.yaml:3)");
  });

  it("is stopped with the step whose time is over", async () => {
    await runs.folder.dir.write(
      "work/slow.playbook.yaml",
      `name: Inner
steps:
  - { id: one, action: run, with: { command: "exec sleep 1000" } }
  - { id: two, action: run, with: { command: "true" } }
`,
    );
    const { code, tree } = await runs.run(`name: Outer
steps:
  - { id: deploy, action: playbook, with: { path: slow.playbook.yaml }, timeout: 200ms }
`);
    expect(code).toBe(1);
    expect(tree.slice(0, 4)).toEqual([
      "sample error: deploy: timed out after 200 ms: one: timed out after 200 ms: killed by SIGINT",
      "  deploy error: timed out after 200 ms: one: timed out after 200 ms: killed by SIGINT",
      "    playbook slow.playbook.yaml error: timed out after 200 ms: one: timed out after 200 ms: killed by SIGINT",
      "      one error: timed out after 200 ms: killed by SIGINT",
    ]);
    expect(tree.join("\n")).not.toContain("two");
  });

  it("is refused where playbooks run each other in a circle, are too deep, missing, or not sound", async () => {
    const step = (path: string) => `name: X\nsteps:\n  - { id: go, action: playbook, with: { path: ${path} } }\n`;
    await runs.folder.dir.write("work/b.playbook.yaml", step("a.playbook.yaml"));
    const circle = await runs.run(step("b.playbook.yaml"), {}, { name: "a" });
    expect(circle.tree.at(-1)).toMatch(
      /the playbook runs itself: .*a\.playbook\.yaml → .*b\.playbook\.yaml → .*a\.playbook\.yaml$/,
    );
    for (let depth = 1; depth <= 9; depth++) {
      await runs.folder.dir.write(`work/d${depth}.playbook.yaml`, step(`d${depth + 1}.playbook.yaml`));
    }
    const deep = await runs.run(step("d1.playbook.yaml"));
    expect(deep.tree.at(-1)).toMatch(/playbooks run each other more than 8 deep$/);
    const missing = await runs.run(step("nowhere.playbook.yaml"));
    expect(missing.tree.at(-1)).toMatch(/the playbook can't be read: ENOENT/);
    await runs.folder.dir.write("work/bad.playbook.yaml", "name: Bad\nsteps:\n  - { id: x, action: rum }\n");
    const unsound = await runs.run(step("bad.playbook.yaml"));
    expect(unsound.tree.at(-1)).toMatch(/bad\.playbook\.yaml:3:\d+: /);
    const wrong = await runs.run(outer("b.playbook.yaml"));
    expect(wrong.tree.at(-1)).toMatch(/There is no parameter "count"/);
  });
});
