import { describe, expect, it } from "vitest";
import { actionKey } from "../../src/trace/actionKey";
import type { TraceSpan } from "../../src/trace/schema";

const span = (fields: Partial<TraceSpan>): TraceSpan => ({
  spanId: "s",
  parentSpanId: null,
  name: "bash",
  kind: "tool",
  startTime: 0,
  status: "ok",
  ...fields,
});
const keyOf = (input: unknown, name = "bash") => actionKey(span({ name, input }));

describe("actionKey", () => {
  const same: [string, unknown, unknown][] = [
    ["a command with other remarks", { command: "npm ci", description: "a" }, { command: "npm ci", timeout: 3 }],
    ["two edits of one file", { filePath: "a.ts", oldString: "x" }, { filePath: "a.ts", oldString: "y" }],
    ["two reads of one file", { path: "a.ts", offset: 1 }, { path: "a.ts", offset: 9 }],
    ["arguments in another order", { b: [1, { c: 2, d: 3 }], a: null }, { a: null, b: [1, { d: 3, c: 2 }] }],
    ["no input at all", undefined, undefined],
    ["a command as a list", { command: ["npm", "ci"] }, { command: ["npm", "ci"] }],
  ];
  it.each(same)("is equal for %s", (_, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });

  const different: [string, unknown, unknown][] = [
    ["two commands", { command: "npm ci" }, { command: "npm test" }],
    ["one command in two folders", { command: "npm ci", cwd: "/a" }, { command: "npm ci", cwd: "/b" }],
    ["two searches of one folder", { pattern: "x", path: "src" }, { pattern: "y", path: "src" }],
    ["other values", { n: 1 }, { n: 2 }],
    ["a number and its text", { n: 1 }, { n: "1" }],
    ["texts that join to the same", { n: ["a", "bc"] }, { n: ["ab", "c"] }],
    ["an empty object and an empty list", { n: {} }, { n: [] }],
    ["two texts", "one", "two"],
    ["nothing and an empty object", undefined, []],
  ];
  it.each(different)("differs for %s", (_, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  it("differs by kind and by name", () => {
    expect(keyOf({ command: "x" }, "sh")).not.toBe(keyOf({ command: "x" }, "bash"));
    expect(actionKey(span({ kind: "span" }))).not.toBe(actionKey(span({ kind: "tool" })));
  });

  it("knows a generation by its model alone", () => {
    const generation = (name: string, modelId: string, input: string) =>
      actionKey(span({ kind: "generation", name, model: { modelId }, input }));
    expect(generation("generation-1", "m", "a")).toBe(generation("generation-2", "m", "b"));
    expect(generation("generation-1", "m", "a")).not.toBe(generation("generation-1", "n", "a"));
  });

  it("copes with input nested 100,000 deep", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(keyOf({ deep })).toMatch(/json:[0-9a-f]{16}$/);
  });
});
