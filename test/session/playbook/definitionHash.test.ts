import { describe, expect, it } from "vitest";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";

const hashOf = (step: string, above = ""): string => {
  const { playbook, problems } = parsePlaybook(`name: n\n${above}steps:\n  - ${step}\n`, "p");
  const [first] = playbook?.steps ?? [];
  if (first === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return first.definitionHash;
};
const step = "{ id: a, action: run, with: { command: x, env: { A: 1, B: 2 } }, expect: { exit_code: 0 } }";

describe("the hash of what a step does", () => {
  it("is the same for other words, another order and another patience", () => {
    const other =
      "{ expect: { exit_code: [0] }, timeout: 5, retries: 3, on_failure: continue, failure_message: m, name: b, " +
      "with: { env: { B: 2, A: 1 }, command: x }, action: run, id: a }";
    expect(hashOf(other)).toBe(hashOf(step));
    expect(hashOf(step)).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ["command", step.replace("command: x", "command: y"), ""],
    ["environment", step.replace("B: 2", "B: 3"), ""],
    ["expectation", step.replace("exit_code: 0", "exit_code: 1"), ""],
    ["condition", step.replace("id: a", "id: a, if: 'true'"), ""],
    ["recovery", step.replace("id: a", "id: a, recover: { action: run, with: { command: z } }"), ""],
    ["playbook's environment", step, "env: { C: 1 }\n"],
    ["playbook's folder", step, "cwd: sub\n"],
  ])("is another one with another %s", (_what, changed, above) => {
    expect(hashOf(changed, above)).not.toBe(hashOf(step));
  });
});
