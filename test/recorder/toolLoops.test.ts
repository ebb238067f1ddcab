import fc from "fast-check";
import { expect, test } from "vitest";
import { describeLoops, ToolLoops } from "../../src/recorder/toolLoops";

function loopsOf(calls: readonly string[]): [tool: string, count: number][] {
  const loops = new ToolLoops();
  for (const call of calls) loops.add(call, "{}");
  return loops.loops.map(({ tool, count }) => [tool, count]);
}

test("three equal calls within ten are a loop, and the most of them count", () => {
  expect(loopsOf(["a", "a"])).toEqual([]);
  expect(loopsOf(["a", "b", "a", "c", "a"])).toEqual([["a", 3]]);
  expect(loopsOf([..."abcdefghi", "a", "a"])).toEqual([]);
  expect(loopsOf([..."abcdefgh", "a", "a"])).toEqual([["a", 3]]);
  expect(loopsOf(Array<string>(30).fill("a"))).toEqual([["a", 10]]);
  expect(loopsOf([..."aaaabcdefghijklmaaa"])).toEqual([["a", 4]]);
});

test("finds what a count over every window of ten calls finds", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 60 }), (calls) => {
      const most = new Map<string, number>();
      for (let end = 1; end <= calls.length; end++) {
        const window = calls.slice(Math.max(0, end - 10), end);
        const last = window.at(-1) ?? "";
        const count = window.filter((call) => call === last).length;
        if (count >= 3) most.set(last, Math.max(count, most.get(last) ?? 0));
      }
      expect(Object.fromEntries(loopsOf(calls))).toEqual(Object.fromEntries(most));
    }),
  );
});

test("inputs differ however long they are and wherever they differ", () => {
  const loops = new ToolLoops();
  const long = "x".repeat(100_000);
  for (const end of ["1", "2", "1", "2", "1"]) loops.add("t", long + end);
  expect(loops.loops).toHaveLength(1);
  expect(loops.loops[0]).toMatchObject({ tool: "t", count: 3, inputHash: expect.stringMatching(/^[0-9a-f]{8}$/) });
});

test("goes on from the loops of an earlier trace", () => {
  const first = new ToolLoops();
  for (let call = 0; call < 4; call++) first.add("t", "{}");
  const next = new ToolLoops();
  next.restore(first.loops);
  for (let call = 0; call < 5; call++) next.add("t", "{}");
  for (let call = 0; call < 3; call++) next.add("u", "{}");
  expect(next.loops.map(({ tool, count }) => [tool, count])).toEqual([
    ["t", 5],
    ["u", 3],
  ]);
  expect(first.loops[0]?.count).toBe(4);
});

test("holds a hundred loops and no more", () => {
  const loops = new ToolLoops();
  for (let tool = 0; tool < 300; tool++) for (let call = 0; call < 3; call++) loops.add(`tool-${tool}`, "{}");
  expect(loops.loops).toHaveLength(100);
});

test("says what a loop is in one line, and nothing where there is none", () => {
  expect(describeLoops([])).toBeUndefined();
  expect(describeLoops([{ tool: "bash", inputHash: "0a1b2c3d", count: 8 }])).toEqual([
    {
      tool: "bash",
      inputHash: "0a1b2c3d",
      count: 8,
      description: "bash had the same input 8 times within 10 tool calls",
    },
  ]);
});
