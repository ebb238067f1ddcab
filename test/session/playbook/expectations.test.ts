import { describe, expect, it } from "vitest";
import { expectationsFor, unmetExpectations } from "../../../src/session/playbook/expectations";
import type { Expectations } from "../../../src/session/playbook/playbook";
import type { StepResult } from "../../../src/session/playbook/stepResult";

const values = { params: { version: "1.2", n: 3, file: "dist", quote: "a\"'b" }, steps: new Map<string, StepResult>() };
const result: StepResult = {
  isOk: true,
  isSkipped: false,
  output: '{"version": "1.2", "n": 3, "list": [{"id": "a\\"\'b", "v": 1}, {"id": "c", "v": 2}]}',
  exitCode: 0,
  status: 204,
};
const ask = async (expected: Expectations, of: Partial<StepResult> = {}) =>
  await unmetExpectations(
    expected,
    { ...result, ...of },
    values,
    async (path) => path === "dist/index.js",
    (text) => text,
  );

describe("expectations", () => {
  it("hold when all of them do", async () => {
    const all: Expectations = {
      exitCodes: [0, 2],
      statuses: ["2xx"],
      outputMatches: '"version": "{version}"',
      json: [
        { path: "$.version", equals: "{version}" },
        { path: "$.n", equals: "{n}" },
        { path: "$.list[?@.id == '{quote}'].v", equals: 1 },
        { path: "$.list[1]", equals: { v: 2, id: "c" } },
      ],
      filesExist: ["{file}/index.js"],
    };
    expect(await ask(all)).toEqual([]);
  });

  it.each<[Expectations, Partial<StepResult>, string]>([
    [{ exitCodes: [0] }, { exitCode: 3 }, "exit code 3"],
    [{ exitCodes: [1, 2] }, {}, "exit code 0 instead of 1 or 2"],
    [{ statuses: ["2xx", 404] }, { status: 500 }, "status 500 instead of 2xx or 404"],
    [{ outputMatches: "^{version}$" }, { output: "1x2" }, "the output does not match ^1\\.2$"],
    [{ outputMatches: "(" }, {}, "( is no regular expression: missing closing ): `(`"],
    [{ filesExist: ["nope", "dist/index.js"] }, {}, "the file nope does not exist"],
    [{ json: [{ path: "$.n", equals: 4 }] }, {}, "$.n is 3 instead of 4"],
    [{ json: [{ path: "$.n", equals: "3" }] }, {}, '$.n is 3 instead of "3"'],
    [{ json: [{ path: "$.nope", equals: null }] }, {}, "$.nope is not there"],
    [{ json: [{ path: "$.list[*].v", equals: 1 }] }, {}, "$.list[*].v finds 2 values instead of one"],
    [{ json: [{ path: "$", equals: 1 }] }, { output: "ok" }, "the output is not JSON, so there is no $"],
  ])("%j tell what does not hold", async (expected, of, words) => {
    expect(await ask(expected, of)).toEqual([words]);
  });

  it("tell all that does not hold, not the first alone", async () => {
    expect(await ask({ exitCodes: [1], filesExist: ["a", "b"] })).toHaveLength(3);
  });

  it("end soon, whatever the output", async () => {
    expect(await ask({ outputMatches: "^(a+)+$" }, { output: `${"a".repeat(50_000)}!` })).toHaveLength(1);
    const list = { output: JSON.stringify(["a".repeat(50_000)]) };
    expect(await ask({ json: [{ path: "$[?search(@, '^(a+)+!')]", equals: 1 }] }, list)).toEqual([
      "$[?search(@, '^(a+)+!')] is not there",
    ]);
  });

  it("are an exit code of 0 for a command and a 2xx for a request where nothing is said", () => {
    expect(expectationsFor("run", {})).toEqual({ exitCodes: [0] });
    expect(expectationsFor("run", { exitCodes: [1] })).toEqual({ exitCodes: [1] });
    expect(expectationsFor("http", {})).toEqual({ statuses: ["2xx"] });
    expect(expectationsFor("model", {})).toEqual({});
  });
});
