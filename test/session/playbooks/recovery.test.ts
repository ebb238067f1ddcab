import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OpenAiServer, startOpenAiServer } from "../../support/openAiServer";
import { makePlaybookRuns, type PlaybookRuns } from "./playbookRuns";

let runs: PlaybookRuns;
let server: OpenAiServer;

beforeAll(async () => {
  runs = await makePlaybookRuns();
  server = await startOpenAiServer("sk-key-123");
});

afterAll(async () => {
  await runs[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

beforeEach(() => runs.folder.remove("work/mended.txt"));

const key = { env: { MODEL_KEY: "sk-key-123" } };

function withModel(more = ""): string {
  return `name: Recover
params: { file: { type: string, default: mended.txt }, token: { type: string, secret: true, default: hunter22 } }
steps:
  - id: read
    action: run
    with: { command: "echo {token}; cat {file}.missing" }
    failure_message: "{file} could not be read with {token}"
    recover:
      action: model
      with: { base_url: "${server.url}", model: small, key_env: MODEL_KEY, price: { input: 2, output: 10 } }
${more}`;
}

describe("the recovery of a step", () => {
  it("has the time of the step where it has none of its own", async () => {
    const recovery = (more: string) => `name: Slow
steps:
  - id: read
    action: run
    with: { command: "exit 1" }
    timeout: 700ms
    recover: { action: run, with: { command: "exec sleep 1000" }${more} }
`;
    const { stderr } = await runs.run(recovery(""));
    expect(stderr).toContain("step read failed: exit code 1; the recovery failed: timed out after 700 ms");
    const own = await runs.run(recovery(", timeout: 300ms"));
    expect(own.stderr).toContain("the recovery failed: timed out after 300 ms");
  });

  it("mends with a command what the step needs, and tries the step again", async () => {
    const { code, tree, span } = await runs.run(`name: Recover
steps:
  - id: read
    action: run
    with: { command: "cat mended.txt" }
    recover: { action: run, with: { command: "echo mended > mended.txt" } }
`);
    expect(code).toBe(0);
    expect(tree).toEqual([
      "sample ok",
      "  read ok",
      "    attempt 1 error: exit code 1",
      "      run error: exit code 1",
      "    recover: echo mended > mended.txt ok",
      "      run ok",
      "    attempt 2 ok",
      "      run ok",
    ]);
    expect(span("read").attributes?.["tracekeeper.step"]).toMatchObject({ attempts: 2, recovered: true });
  });

  it("tells the step's failure message first and then the recovery's error, where that fails too", async () => {
    const { code, tree, span } = await runs.run(`name: Recover
steps:
  - id: read
    action: run
    with: { command: "exit 7" }
    failure_message: Could not read
    recover: { action: run, with: { command: "exit 8" } }
`);
    expect(code).toBe(1);
    expect(tree[1]).toBe("  read error: Could not read; the recovery failed: exit code 8");
    expect(span("read").attributes?.["tracekeeper.rawError"]).toBe("exit code 7; the recovery failed: exit code 8");
    expect(tree).toContain("    recover: exit 8 error: exit code 8");
  });

  it("tells the raw error of a step without a failure message, and what came of it after its recovery", async () => {
    const { tree } = await runs.run(`name: Recover
steps:
  - id: read
    action: run
    with: { command: "exit 7" }
    recover: { action: run, with: { command: "true" } }
`);
    expect(tree[1]).toBe("  read error: exit code 7; after the recovery: exit code 7");
  });

  it("runs what a model proposes, which gets placeholders and no secrets, and counts its tokens and cost", async () => {
    server.answers = [{ content: '```json\n{"with": {"command": "echo fixed {file}"}}\n```' }];
    const { code, tree, recorded, traceText } = await runs.run(withModel(), {}, key);
    expect(tree).toEqual([
      "sample ok",
      "  read ok",
      "    attempt 1 error: exit code 1",
      "      run error: exit code 1",
      "    recover: small ok",
      "      chat small ok",
      "    attempt 2 ok",
      "      run ok",
    ]);
    expect(code).toBe(0);
    expect(recorded.output()).toContain("fixed mended.txt");
    const asked = JSON.stringify(server.requests.at(-1)?.body);
    expect(asked).toContain("echo {token}; cat {file}.missing");
    expect(asked).toContain("exit code 1");
    expect(asked).toContain("•••");
    expect(asked).not.toContain("hunter22");
    expect(traceText).not.toContain("hunter22");
    expect(traceText).not.toContain("sk-key-123");
    expect(recorded.trace.summary).toMatchObject({ totalTokens: 15, totalCost: 0.00007 });
  });

  it("counts the tokens of the step and of its recovery where both fail, and says why the proposal is refused", async () => {
    server.answers = [{ content: '{"with": {"comand": "x"}}' }];
    const { code, tree, recorded, stderr } = await runs.run(withModel(), {}, key);
    expect(code).toBe(1);
    expect(tree[1]).toMatch(
      /^ {2}read error: mended\.txt could not be read with •••; the recovery failed: the model proposes a step that can't be run: with/,
    );
    expect(stderr).not.toContain("hunter22");
    expect(recorded.trace.summary.totalTokens).toBe(15);
  });
});
