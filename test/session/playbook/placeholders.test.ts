import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillText, fillTexts, fillTyped, fillUrl, placeholdersIn } from "../../../src/session/playbook/placeholders";
import type { StepResult } from "../../../src/session/playbook/stepResult";

const build: StepResult = {
  isOk: true,
  isSkipped: false,
  output: '{"items": [{"name": "a-1", "n": 2}], "gone": null}\n',
  exitCode: 0,
};
const values = {
  params: { target: "staging", count: 3, isDry: false, left: null, odd: "{target} $&" },
  steps: new Map([["build-it", build]]),
};

describe("placeholders", () => {
  it.each([
    ["to {target}, {count} times", "to staging, 3 times"],
    ["{isDry}{left}|", "false|"],
    ["{{target}}", "{staging}"],
    ["{odd}", "{target} $&"],
    ["{unknown} {} { target } {target", "{unknown} {} { target } {target"],
    ["{steps.build-it.ok} {steps.build-it.exit_code} {steps.build-it.skipped}", "true 0 false"],
    ["{steps.build-it.json.items[0].name}={steps.build-it.json.items.0.n}", "a-1=2"],
    ["{steps.build-it.json.items[0]}", '{"name":"a-1","n":2}'],
    ["<{steps.build-it.json.gone}>", "<>"],
    ["{steps.build-it.json.nope} {steps.nope.output}", "{steps.build-it.json.nope} {steps.nope.output}"],
    ["{steps.build-it.status} {steps.build-it.other}", "{steps.build-it.status} {steps.build-it.other}"],
    ["{constructor} {steps.build-it.json.constructor}", "{constructor} {steps.build-it.json.constructor}"],
    ["{steps.build-it.output}!", '{"items": [{"name": "a-1", "n": 2}], "gone": null}!'],
  ])("fill %j", (text, filled) => {
    expect(fillText(text, values)).toBe(filled);
  });

  it("leave a text without any as it is, and name what they refer to", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(fillText(text, { params: {}, steps: new Map() })).toBe(text);
        for (const { start, end } of placeholdersIn(text)) expect(text.slice(start, end)).toMatch(/^\{.*\}$/);
      }),
    );
    expect(placeholdersIn("a {b} {steps.c.json.d[1]}").map(({ reference }) => reference)).toEqual([
      { kind: "parameter", name: "b" },
      { kind: "step", id: "c", field: "json", path: ["d", 1] },
    ]);
  });

  it("fill texts at every depth, and keep a type where a text is nothing but one", () => {
    const given = { a: ["{count}", "n {count}"], "{count}": { b: "{isDry}" }, c: 1 };
    expect(fillTexts(given, values)).toEqual({ a: ["3", "n 3"], "{count}": { b: "false" }, c: 1 });
    expect(fillTyped(given, values)).toEqual({ a: [3, "n 3"], "{count}": { b: false }, c: 1 });
    expect(fillTyped(["{left}", "{nope}", "{steps.build-it.json.items}"], values)).toEqual([
      null,
      "{nope}",
      [{ name: "a-1", n: 2 }],
    ]);
  });

  it("are percent-encoded in the path and query of an address, not before", () => {
    const at = { params: { base: "http://localhost:80/api", host: "h:1", id: "a/../b?c#d" }, steps: new Map() };
    expect(fillUrl("{base}/x/{id}?q={id}", at)).toBe(
      "http://localhost:80/api/x/a%2F..%2Fb%3Fc%23d?q=a%2F..%2Fb%3Fc%23d",
    );
    expect(fillUrl("https://{host}/{id}", at)).toBe("https://h:1/a%2F..%2Fb%3Fc%23d");
    expect(fillUrl("{base}", at)).toBe("http://localhost:80/api");
  });
});
