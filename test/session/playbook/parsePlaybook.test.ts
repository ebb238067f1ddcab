import { describe, expect, it } from "vitest";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";
import { problemLine } from "../../../src/session/playbook/playbookProblem";

const whole = `name: Nightly check
description: Builds and asks
params:
  target: { type: string, default: staging, description: Where to, options: [staging, production] }
  token: { type: string, secret: true, required: true }
guardrails:
  consecutive_errors: 4
  repeats: { hint: 2, warn: 3, stop: 4 }
  cycle: { length: 2, times: 4 }
  stuck_revisit_gap: 6
  failure_cluster: { failures: 2, window: 4 }
  budget: { time: 1h30m, cost: 2.5, tokens: 100000 }
checkpoints: false
env: { PORT: 8080 }
cwd: sub
steps:
  - id: build
    name: Build it
    action: run
    with: { command: npm run build -- {target} }
    expect:
      exit_code: 0
      output_matches: "done in \\\\d+"
      json: { path: $.status, equals: ok }
      file_exists: dist/index.js
    timeout: 5m
    retries: { times: 2, backoff: 1s, factor: 2, max: 30s }
    failure_message: "The build of {target} failed"
    recover: { action: run, with: { command: npm ci }, timeout: 90 }
    on_failure: continue

  # the health of what was built
  - id: health
    action: http
    with:
      url: https://example.test/{target}
      headers: { Authorization: "Bearer {token}" }
    expect:
      status: [2xx, 304]
    retries: 3
    if: params.target == "staging" && steps.build.ok
`;

/** What a person reads on the command line, without the file's name. */
function problemsOf(text: string): string[] {
  return parsePlaybook(text, "p").problems.map((problem) => problemLine("p", problem).slice(2));
}

describe("a playbook", () => {
  it("is read whole, with defaults in place and each step's lines", () => {
    const { playbook, problems } = parsePlaybook(whole.replace("{target} }", "now }"), "night.playbook.yaml");
    expect(problems).toEqual([]);
    expect(playbook).toMatchObject({
      name: "Nightly check",
      path: "night.playbook.yaml",
      checkpoints: false,
      env: { PORT: "8080" },
      cwd: "sub",
      params: [
        { name: "target", type: "string", default: "staging", isRequired: false, isSecret: false },
        { name: "token", isRequired: true, isSecret: true },
      ],
      guardrails: {
        consecutiveErrors: 4,
        repeats: { hint: 2, warn: 3, stop: 4 },
        cycle: { maxLength: 2, times: 4 },
        stuckRevisitGap: 6,
        failureCluster: { failures: 2, window: 4 },
        budget: { timeMs: 5_400_000, costUsd: 2.5, tokens: 100_000 },
      },
    });
    const [build, health] = playbook?.steps ?? [];
    expect(build).toMatchObject({
      id: "build",
      name: "Build it",
      action: "run",
      with: { command: "npm run build -- now" },
      expect: {
        exitCodes: [0],
        outputMatches: "done in \\d+",
        json: [{ path: "$.status", equals: "ok" }],
        filesExist: ["dist/index.js"],
      },
      timeoutMs: 300_000,
      retries: { times: 2, backoffMs: 1000, factor: 2, maxMs: 30_000 },
      failureMessage: "The build of {target} failed",
      recover: { action: "run", with: { command: "npm ci" }, timeoutMs: 90_000 },
      onFailure: "continue",
      place: { line: 17, column: 5, endLine: 30 },
    });
    expect(health).toMatchObject({
      name: "health",
      expect: { statuses: ["2xx", 304] },
      retries: { times: 3, backoffMs: 1000 },
      condition: 'params.target == "staging" && steps.build.ok',
      onFailure: "abort",
      place: { line: 33, column: 5, endLine: 41 },
    });
  });

  it("needs a name and steps", () => {
    expect(problemsOf("")).toEqual(["1:1: error: This playbook is empty: it needs `name` and `steps`."]);
    expect(problemsOf("description: x\n")).toEqual([
      "1:1: error: `name` is missing in a playbook.",
      "1:1: error: `steps` is missing in a playbook.",
    ]);
  });
});
