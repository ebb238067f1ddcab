import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

describe("the guardrails of a playbook", () => {
  it("tell of a repeat on the span of the action, and stop the run with the name of the pattern, the failed step in its results", async () => {
    const { code, tree, recorded, stderr } = await runs.run(`name: Loop
guardrails: { repeats: { hint: 2, warn: 3, stop: 4 }, consecutive_errors: 100, failure_cluster: { failures: 50, window: 100 } }
steps:
  - id: again
    action: run
    with: { command: "exit 1" }
    retries: { times: 10, backoff: 1ms }
    on_failure: continue
  - { id: after, action: run, with: { command: "true" } }
`);
    expect(code).toBe(1);
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: repeat: /);
    expect(tree[1]).toBe("  again error: exit code 1");
    expect(tree.join("\n")).not.toContain("attempt 5");
    expect(tree.join("\n")).not.toContain("after");
    const told = recorded.trace.spans
      .filter(({ kind }) => kind === "tool")
      .map(({ events = [] }) => events.filter(({ name }) => name === "tracekeeper.guardrail"))
      .map((events) => events.map(({ attributes }) => `${attributes?.["level"]} ${attributes?.["pattern"]}`));
    expect(told).toEqual([[], ["hint repeat"], ["warn repeat"], ["stop repeat"]]);
    expect(stderr).toContain("repeat: ");
    expect(recorded.state.status).toBe("failed");
  });

  it("end an action that goes on when the time of the run is used up", async () => {
    const { code, tree } = await runs.run(`name: Budget
guardrails: { budget: { time: 300ms } }
steps:
  - { id: waits, action: run, with: { command: "exec sleep 1000" } }
`);
    expect(code).toBe(1);
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: time budget: /);
    expect(tree[1]).toMatch(/^ {2}waits interrupted: stopped by a guardrail: killed by SIGINT/);
  });

  it("end a playbook within the run between two of its steps, whose step is then not well", async () => {
    await runs.folder.dir.write(
      "work/inner.playbook.yaml",
      `name: Inner
steps:
  - { id: one, action: run, with: { command: "echo same" } }
  - { id: two, action: run, with: { command: "echo same" } }
  - { id: three, action: run, with: { command: "echo other" } }
`,
    );
    const { code, tree } = await runs.run(`name: Outer
guardrails: { repeats: { hint: 2, warn: 2, stop: 2 } }
steps:
  - { id: deploy, action: playbook, with: { path: inner.playbook.yaml } }
`);
    expect(code).toBe(1);
    expect(tree.slice(1)).toEqual([
      "  deploy interrupted: stopped by a guardrail",
      "    playbook inner.playbook.yaml interrupted: stopped by a guardrail",
      "      one ok",
      "        run ok",
      "      two ok",
      "        run ok",
    ]);
  });

  it("take the session's settings where the playbook says nothing", async () => {
    const guardrails = {
      consecutiveErrors: 2,
      window: 12,
      repeats: { hint: 10, warn: 11, stop: 12 },
      cycle: { maxLength: 3, times: 3 },
      stuckRevisitGap: 5,
      failureCluster: { failures: 3, window: 5 },
      budget: {},
    };
    const { tree } = await runs.run(
      `name: Errors
steps:
  - { id: one, action: run, with: { command: "exit 1" }, on_failure: continue }
  - { id: two, action: run, with: { command: "exit 2" }, on_failure: continue }
  - { id: three, action: run, with: { command: "true" } }
`,
      {},
      { launch: { guardrails } },
    );
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: consecutive errors: /);
    expect(tree.join("\n")).not.toContain("three");
  });
});
