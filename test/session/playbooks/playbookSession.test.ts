import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

describe("a playbook in the session process", () => {
  it("runs its steps in order, with a span each that names the line of its YAML", async () => {
    const { code, stdout, tree, span, recorded } = await runs.run(`name: Sample
params:
  who: { type: string, default: world }
steps:
  - id: first
    action: run
    with: { command: "echo hello {who}" }
  - id: second
    name: Second step
    action: run
    with: { command: [printf, "%s", "got {steps.first.output}"] }
    expect: { output_matches: "^got hello" }
`);
    expect(tree).toEqual(["sample ok", "  first ok", "    run ok", "  Second step ok", "    run ok"]);
    expect(code).toBe(0);
    expect(stdout).toContain("hello world\n");
    expect(stdout).toContain("got hello world");
    expect(recorded.state.status).toBe("completed");
    expect(span("Second step").attributes).toMatchObject({
      "tracekeeper.step": { id: "second", index: 1, action: "run", attempts: 1 },
      "code.file.path": runs.folder.dir.join("work/sample.playbook.yaml"),
      "code.line.number": 8,
    });
    expect(recorded.root.attributes?.["tracekeeper.playbook"]).toMatchObject({
      name: "Sample",
      params: { who: "world" },
    });
    expect(recorded.output("stdout")).toBe("hello world\ngot hello world");
  });

  it("ends with 1 at the step that failed, tells its failure message, and keeps the raw error in the spans", async () => {
    const { code, stderr, tree, span, recorded } = await runs.run(
      `name: Failing
params: { target: { type: string } }
steps:
  - id: build
    action: run
    with: { command: "echo broken >&2; exit 3" }
    failure_message: "The build of {target} failed, {unknown}"
  - id: never
    action: run
    with: { command: "true" }
`,
      { target: "staging" },
    );
    expect(code).toBe(1);
    expect(tree).toEqual([
      "sample error: build: The build of staging failed, {unknown}",
      "  build error: The build of staging failed, {unknown}",
      "    run error: exit code 3",
    ]);
    expect(span("build").attributes?.["tracekeeper.rawError"]).toBe("exit code 3");
    expect(recorded.state.status).toBe("failed");
    expect(recorded.root.attributes?.["tracekeeper.playbook"]).toMatchObject({ failedStep: { id: "build", index: 0 } });
    expect(stderr).toContain("step build failed: The build of staging failed, {unknown} (");
    expect(stderr).toContain("sample.playbook.yaml:4)");
  });
});
