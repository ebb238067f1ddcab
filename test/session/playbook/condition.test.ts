import { describe, expect, it } from "vitest";
import { isConditionError, parseCondition } from "../../../src/session/playbook/condition";
import type { StepResult } from "../../../src/session/playbook/stepResult";

const build: StepResult = { isOk: true, isSkipped: false, output: '{"n": [1, 2.5], "ok": true}', exitCode: 0 };
const values = {
  params: { target: "staging", count: 3, ratio: 2.5, isDry: false, left: null },
  steps: new Map<string, StepResult>([
    ["build", build],
    ["a-b", { isOk: false, isSkipped: true, output: `${"a".repeat(40)}!` }],
  ]),
};

function evaluated(expression: string): boolean | string {
  const condition = parseCondition(expression);
  const value = isConditionError(condition) ? condition : condition.evaluate(values);
  return typeof value === "boolean" ? value : `${value.message} @${value.start}-${value.end}`;
}

describe("a condition", () => {
  it.each([
    ['params.target == "staging" && steps.build.ok', true],
    ["params.count == 3 && params.count > 2.5 && params.ratio == 2.5", true],
    ["params.isDry || params.left != null", false],
    ['steps["a-b"].skipped && !steps["a-b"].ok', true],
    ["steps.build.json.n[0] == 1 && steps.build.json.n[1] == 2.5 && steps.build.json.ok", true],
    ["size(steps.build.json.n) == 2", true],
    ["steps.build.exit_code in [0, 1]", true],
    ['params.target in ["production"]', false],
    ["has(params.nope) || has(steps.nope)", false],
    ['steps.build.output.matches("n.: .1") && params.target.matches("^stag")', true],
    ['steps["a-b"].output.matches("^(a+)+$")', false],
    ["steps.exists(id, steps[id].skipped)", true],
    ["false", false],
  ])("%s is %s", (expression, expected) => {
    expect(evaluated(expression)).toBe(expected);
  });

  it.each([
    ["params.nope == 1", "No such key: nope @7-11"],
    ["steps.build.status == 200", "No such key: status @12-18"],
    ["target == 'a'", "Unknown variable: target @0-6"],
    ["1 +", "Unexpected token: EOF @3-3"],
    ["params.target", "is neither true nor false @0-13"],
    ["'text'", "is string and not true or false @0-6"],
    ["params.target.matches('(')", "has a regular expression that is none: missing closing ): `(` @0-26"],
    ["params.target.matches(1)", "found no matching overload for 'string.matches(int)' @0-24"],
    ["process.exit()", "Unknown variable: process @0-7"],
  ])("%s tells: %s", (expression, expected) => {
    expect(evaluated(expression)).toBe(expected);
  });

  it("ends soon, however deep it is", () => {
    expect(evaluated(`${"(".repeat(100_000)}true`)).toContain("@");
    expect(evaluated(`${"!".repeat(100_000)}true`)).toContain("@");
  });

  it("names the parameters and steps in it, with their places", () => {
    const expression = 'params.a == "x" && steps.b.ok && steps["c-d"].exit_code == 0';
    const condition = parseCondition(expression);
    if (isConditionError(condition)) throw new Error(condition.message);
    const found = condition.references.map(({ reference, start, end }) => [
      expression.slice(start, end),
      reference.kind === "parameter" ? reference.name : `${reference.id}.${reference.field}`,
    ]);
    expect(found).toHaveLength(5);
    expect(found).toEqual(
      expect.arrayContaining([
        ["params.a", "a"],
        ["steps.b", "b."],
        ["steps.b.ok", "b.ok"],
        ['steps["c-d"]', "c-d."],
        ['steps["c-d"].exit_code', "c-d.exit_code"],
      ]),
    );
  });
});
