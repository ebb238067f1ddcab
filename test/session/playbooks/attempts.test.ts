import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isThere, until } from "../runs";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;

beforeAll(async () => {
  runs = await makePlaybookRuns();
});

afterAll(() => runs[Symbol.asyncDispose]());

describe("attempts of a step", () => {
  it("tries again after a pause, with a span for each attempt, and is well once one holds", async () => {
    const { code, tree, span } = await runs.run(`name: Retries
steps:
  - id: flaky
    action: run
    with: { command: "n=$(cat retries.txt 2>/dev/null || echo 0); echo $((n+1)) > retries.txt; test $n -ge 2" }
    retries: { times: 3, backoff: 10ms }
`);
    expect(code).toBe(0);
    expect(tree).toEqual([
      "sample ok",
      "  flaky ok",
      "    attempt 1 error: exit code 1",
      "      run error: exit code 1",
      "    attempt 2 error: exit code 1",
      "      run error: exit code 1",
      "    attempt 3 ok",
      "      run ok",
    ]);
    expect(span("flaky").attributes?.["tracekeeper.step"]).toMatchObject({ attempts: 3 });
    const retries = span("flaky").events?.filter(({ name }) => name === "tracekeeper.retry");
    expect(retries?.map(({ attributes }) => attributes?.["pauseMs"])).toEqual([10, 20]);
  });

  it("kills what a step has started when its time is over, and says so", async () => {
    const { code, tree, stderr } = await runs.run(
      `name: Slow
steps:
  - id: slow
    action: run
    with: { command: "trap '' INT; sh -c 'trap \\"\\" INT TERM; echo $$ > slow.pid; while :; do sleep 1; done' & wait" }
    timeout: 300ms
    failure_message: It took too long
`,
      {},
      { stop: { terminateAfterMs: 100, killAfterMs: 100 } },
    );
    expect(code).toBe(1);
    expect(tree[0]).toBe("sample error: slow: It took too long");
    expect(tree[1]).toBe("  slow error: It took too long");
    expect(tree[2]).toMatch(/^ {4}run error: timed out after 300 ms: killed by SIG/);
    expect(stderr).toContain("step slow failed: It took too long");
    const pid = Number(await runs.folder.text("work/slow.pid"));
    expect(pid).toBeGreaterThan(0);
    expect(isThere(pid)).toBe(false);
  });

  it("goes on after a failed step that says so, skips what its condition leaves out, and fails all the same", async () => {
    const { code, tree, span, recorded } = await runs.run(`name: Continue
steps:
  - id: first
    action: run
    with: { command: "exit 2" }
    on_failure: continue
  - id: second
    action: run
    if: steps.first.ok
    with: { command: "echo never" }
  - id: third
    action: run
    if: "!steps.first.ok && steps.first.exit_code == 2 && steps.second.skipped"
    with: { command: "echo third" }
`);
    expect(code).toBe(1);
    expect(tree).toEqual([
      "sample error: first: exit code 2",
      "  first error: exit code 2",
      "    run error: exit code 2",
      "  second ok",
      "  third ok",
      "    run ok",
    ]);
    expect(span("second").attributes?.["tracekeeper.skipped"]).toBe("the condition steps.first.ok does not hold");
    expect(recorded.output()).toBe("third\n");
  });

  it("checks what is expected of exit code, output, JSON and files, and tells all that is not so", async () => {
    const { tree } = await runs.run(`name: Expectations
steps:
  - id: held
    action: run
    with: { command: 'echo "{\\"status\\": \\"ok\\", \\"n\\": [1, 2]}"; echo "done in 12 ms" >&2; touch made.txt; exit 4' }
    expect:
      exit_code: [3, 4]
      output_matches: "done in \\\\d+"
      json: [{ path: $.status, equals: ok }, { path: "$.n[1]", equals: 2 }]
      file_exists: made.txt
  - id: broken
    action: run
    with: { command: 'echo "{}"' }
    expect: { output_matches: nothing, json: { path: $.a, equals: 1 }, file_exists: [made.txt, missing.txt] }
`);
    expect(tree.slice(1)).toEqual([
      "  held ok",
      "    run ok",
      "  broken error: the output does not match nothing; $.a is not there; the file missing.txt does not exist",
      "    run ok",
    ]);
  });

  it("lets its failure message, its expectations and its recovery speak of what came of itself", async () => {
    const { tree } = await runs.run(`name: Itself
steps:
  - id: self
    action: run
    with: { command: "echo '{\\"n\\": 7}'; exit 3" }
    failure_message: "n is {steps.self.json.n}, exit {steps.self.exit_code}"
    recover: { action: run, with: { command: "test {steps.self.exit_code} -ne 3" } }
    on_failure: continue
  - id: other
    action: run
    with: { command: "echo '{\\"a\\": 1, \\"b\\": 1}'" }
    expect: { json: { path: $.a, equals: "{steps.other.json.b}" } }
`);
    expect(tree.filter((line) => /^ {2}\S/.test(line))).toEqual([
      "  self error: n is 7, exit 3; the recovery failed: exit code 1",
      "  other ok",
    ]);
  });

  it("says before another attempt what the step says of its failure, masked, and keeps the raw error in the span", async () => {
    const { stderr, tree } = await runs.run(
      `name: Worded
params: { key: { type: string, secret: true } }
steps:
  - id: worded
    action: run
    with: { command: "exit 6" }
    retries: { times: 1, backoff: 1ms }
    failure_message: "{key} is not taken"
`,
      { key: "hunter2222" },
    );
    expect(stderr).toMatch(/: \S+ is not taken; once more in 1 ms\n/);
    expect(stderr).not.toContain("hunter2222");
    expect(stderr).not.toContain("exit code 6");
    expect(tree).toContain("    attempt 1 error: exit code 6");
  });

  it("tells of a command that can't be started", async () => {
    const { code, tree } = await runs.run(`name: Missing
steps:
  - id: missing
    action: run
    with: { command: [no-such-program-anywhere, x] }
`);
    expect(code).toBe(1);
    expect(tree[2]).toBe("    run error: could not be started: no-such-program-anywhere was not found");
  });

  it("ends a step and the run when it is told to stop, with the step in the results", async () => {
    const run = await runs.start(`name: Stopped
steps:
  - id: waits
    action: run
    with: { command: "echo begun; exec sleep 1000" }
    retries: 3
    failure_message: never told
  - id: after
    action: run
    with: { command: "true" }
`);
    await until(() => run.stdout().toString().includes("begun") || undefined, "the step runs");
    run.child.kill("SIGTERM");
    const { code, tree, recorded } = await runs.end(run);
    expect(code).toBe(143);
    expect(tree).toEqual([
      "sample interrupted: stopped by SIGTERM",
      "  waits interrupted: stopped by SIGTERM: killed by SIGINT",
      "    run interrupted: stopped by SIGTERM: killed by SIGINT",
    ]);
    expect(recorded.state.status).toBe("failed");
  });

  it("ends a pause between two attempts when it is told to stop", async () => {
    const run = await runs.start(`name: Pause
steps:
  - id: fails
    action: run
    with: { command: "echo tried; exit 1" }
    retries: { times: 1, backoff: 10m, max: 10m }
`);
    await until(() => run.stderr().toString().includes("once more in 10 m") || undefined, "the step pauses");
    run.child.kill("SIGINT");
    const { code, tree } = await runs.end(run);
    expect(code).toBe(130);
    expect(tree.slice(0, 2)).toEqual(["sample interrupted: stopped by SIGINT", "  fails error: exit code 1"]);
  });
});
