import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultGuardrails } from "../../../src/trace/guardrails/guardrail";
import { agentLine, answer, findingsOf, call as toldCall } from "../guardrails/toldSpans";
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
${["one", "two", "three", "four", "five"].map((id) => `  - { id: ${id}, action: run, with: { command: "exit 1" }, on_failure: continue }`).join("\n")}
`);
    expect(code).toBe(1);
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: repeat: /);
    expect(tree).toContain("  four error: exit code 1");
    expect(tree.join("\n")).not.toContain("five");
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

  it("count only the last of the attempts that a step's retries declare, on its own span", async () => {
    const { tree, recorded } = await runs.run(`name: Retries
guardrails: { repeats: { hint: 2, warn: 2, stop: 2 }, consecutive_errors: 2, failure_cluster: { failures: 2, window: 5 } }
steps:
  - { id: first, action: run, with: { command: "exit 1" }, retries: { times: 3, backoff: 1ms }, on_failure: continue }
  - { id: second, action: run, with: { command: "exit 1" }, retries: { times: 1, backoff: 1ms }, on_failure: continue }
  - { id: third, action: run, with: { command: "true" } }
`);
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: repeat: "run exit 1" 2 times/);
    const tools = recorded.trace.spans.filter(({ kind }) => kind === "tool");
    const told = tools.map(({ events = [] }) => events.filter(({ name }) => name === "tracekeeper.guardrail").length);
    expect(told).toEqual([0, 0, 0, 0, 0, 3]);
  });

  it("look at each further attempt of a playbook within the run by itself", async () => {
    await runs.folder.dir.write(
      "work/failing.playbook.yaml",
      `name: Failing
steps:
  - { id: looks, action: run, with: { command: "echo same" } }
  - { id: fails, action: run, with: { command: "exit 1" } }
`,
    );
    const { tree } = await runs.run(`name: Outer
guardrails: { repeats: { hint: 2, warn: 3, stop: 3 }, consecutive_errors: 2 }
steps:
  - { id: deploy, action: playbook, with: { path: failing.playbook.yaml }, retries: { times: 4, backoff: 1ms } }
`);
    expect(tree[0]).toBe("sample error: deploy: fails: exit code 1");
    expect(tree.join("\n")).toContain("attempt 5");
  });

  it("hold with the playbook's own values over the defaults where they don't fit the settings, and say so", async () => {
    const guardrails = { ...defaultGuardrails, window: 4, repeats: { hint: 2, warn: 3, stop: 4 } };
    const { tree, recorded, stderr } = await runs.run(
      `name: Misfit
guardrails: { repeats: { stop: 6 } }
steps:
${[1, 2, 3, 4, 5, 6, 7].map((n) => `  - { id: s${n}, action: run, with: { command: "echo same" } }`).join("\n")}
`,
      {},
      { launch: { guardrails } },
    );
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: repeat: "run echo same" 6 times within 12 actions/);
    const problems = recorded.root.events?.filter(({ name }) => name === "tracekeeper.run-problem") ?? [];
    expect(problems.map(({ attributes }) => attributes?.["message"])).toEqual([
      'the guardrails of the playbook do not fit together with the settings: "repeats.stop" is 6; it can\'t be more than "window", which is 4; the defaults are used in place of the settings',
    ]);
    expect(stderr.split("the guardrails of the playbook do not fit together")).toHaveLength(2);
  });

  it("see what the program of a step tells of itself, and stop the run for it", async () => {
    const calls = [1, 2, 3, 4].map((n) => [toldCall("bash", { command: "npm test" }, { atMs: n })]);
    const line = await agentLine(runs.folder, "looping", calls, { stays: true });
    const { code, tree, recorded, stderr } = await runs.run(`name: Programs
guardrails: { repeats: { hint: 2, warn: 3, stop: 4 } }
steps:
  - { id: agent, action: run, with: { command: ${JSON.stringify(line)} } }
  - { id: after, action: run, with: { command: "true" } }
`);
    expect(code).toBe(1);
    expect(tree[0]).toMatch(/^sample error: stopped by a guardrail: repeat: "bash npm test" 4 times/);
    expect(tree.join("\n")).not.toContain("after");
    expect(findingsOf(recorded.trace)).toEqual([
      'bash: hint repeat: "bash npm test" 2 times within 12 actions',
      'bash: warn repeat: "bash npm test" 3 times within 12 actions',
      'bash: stop repeat: "bash npm test" 4 times within 12 actions',
    ]);
    expect(stderr).toContain("4 times within 12 actions");
  });

  it("count what the programs of all steps use together, and their calls apart", async () => {
    const told = [1, 2].map((n) => [toldCall("read", { path: "a" }, { atMs: n }), answer(400, { atMs: n })]);
    const lines = await Promise.all(["one", "two"].map((name) => agentLine(runs.folder, name, told)));
    const { recorded } = await runs.run(`name: Usage
guardrails: { budget: { tokens: 1500 } }
steps:
${lines.map((line, at) => `  - { id: agent${at}, action: run, with: { command: ${JSON.stringify(line)} } }`).join("\n")}
`);
    expect(findingsOf(recorded.trace)).toEqual([
      "chat model: warn token budget: 1,200 of 1,500 tokens used",
      "chat model: stop token budget: 1,600 of 1,500 tokens used",
    ]);
  });
});
