import { describe, expect, it } from "vitest";
import { findBursts, partingGap } from "../../../src/trace/timeline/bursts";
import { timelineOf } from "./timelineSpans";

/** `turn: 12 calls in 84 ms, 5 at once`; `*` for calls of several parents. */
function burstsOf(lines: readonly string[]): string[] {
  const { columns, work, names } = timelineOf(lines.join("\n"));
  const bursts = findBursts(columns, work);
  return [...bursts.parent].map(
    (parent, at) =>
      `${parent < 0 ? "*" : names[parent]}: ${bursts.calls[at]} calls in ${bursts.toMs[at]! - bursts.fromMs[at]!} ms, ` +
      `${bursts.peak[at]} at once${bursts.failed[at]! > 0 ? `, ${bursts.failed[at]} failed` : ""}`,
  );
}

/** `count` calls of a parent, `everyMs` apart, each of which takes `forMs`. */
function calls(parent: string, count: number, fromMs: number, everyMs: number, forMs: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const start = fromMs + at * everyMs;
    return `${parent}#${fromMs}.${at} t ${start}-${start + forMs} < ${parent}`;
  });
}

describe("bursts", () => {
  it("are calls of one parent that begin shortly after each other", () => {
    expect(
      burstsOf([
        "main s 0-60000",
        "turn.1 g 0-5000 < main",
        "turn.2 g 30000-50000 < main",
        ...calls("turn.1", 12, 3_000, 7, 40),
        ...calls("turn.2", 3, 31_000, 5_000, 900),
      ]),
    ).toEqual(["turn.1: 12 calls in 77 ms, 6 at once"]);
  });

  it("need four calls, and their parents' others may be far apart", () => {
    const others = calls("turn", 6, 10_000, 4_000, 2_000);
    expect(burstsOf(["main s 0-60000", "turn g 0-50000 < main", ...calls("turn", 3, 1_000, 2, 9), ...others])).toEqual(
      [],
    );
    expect(burstsOf(["main s 0-60000", "turn g 0-50000 < main", ...calls("turn", 4, 1_000, 2, 9), ...others])).toEqual([
      "turn: 4 calls in 6 ms, 4 at once",
    ]);
  });

  it("are found by the trace's own gaps: two seconds apart is one burst where others are minutes apart", () => {
    // Beyond a second nothing is a burst, however far apart the others are.
    const slow = [0, 600_000, 1_200_000].flatMap((from) => calls("main", 10, from, 2_000, 500));
    expect(burstsOf(["main s 0-1300000", ...slow])).toEqual([]);
    const quick = [0, 600_000, 1_200_000].flatMap((from) => calls("main", 10, from, 300, 250));
    expect(burstsOf(["main s 0-1300000", ...quick])).toEqual(
      Array.from({ length: 3 }, () => "main: 10 calls in 2700 ms, 1 at once"),
    );
  });

  it("stand out: a steady stream is none", () => {
    expect(burstsOf(["main s 0-100000", ...calls("main", 1_000, 0, 100, 90)])).toEqual([]);
  });

  it("may be the whole of a short trace", () => {
    expect(burstsOf(["main s 0-120", ...calls("main", 12, 0, 7, 40)])).toEqual(["main: 12 calls in 77 ms, 6 at once"]);
  });

  it("are told across parents where no single parent's burst says it already", () => {
    const agents = ["a", "b", "c", "d"];
    const lines = [
      "main s 0-60000",
      ...agents.map((name) => `${name} t 1000-20000 < main`),
      ...agents.flatMap((name, at) => calls(name, 2, 5_000 + 3 * at, 2, 500)),
      ...agents.flatMap((name, at) => calls(name, 2, 12_000 + 1_300 * at, 700, 300)),
    ];
    expect(burstsOf(lines)).toEqual(["*: 8 calls in 11 ms, 8 at once"]);
    const mostlyOne = [
      "main s 0-60000",
      "a t 0-50000 < main",
      "b t 0-50000 < main",
      ...calls("a", 9, 5_000, 3, 50),
      ...calls("b", 1, 5_004, 3, 50),
      ...calls("b", 4, 20_000, 5_000, 50),
    ];
    expect(burstsOf(mostlyOne)).toEqual(["a: 9 calls in 24 ms, 9 at once"]);
  });

  it("count their failures, and neither messages nor output as calls", () => {
    const lines = [
      "main s 0-9000",
      "u x 1000-1000 < main",
      "v u 1001-1001 < main",
      "w t 1002-1003 < main !",
      ...calls("main", 3, 1_004, 1, 5),
    ];
    const trace = timelineOf(lines.join("\n"));
    trace.columns.flags[3] = 1 << 10;
    expect([...findBursts(trace.columns, trace.work).failed]).toEqual([1]);
    expect([...findBursts(trace.columns, trace.work).calls]).toEqual([4]);
  });
});

describe("the gap that parts two bursts", () => {
  it("lies between the two classes of gaps, just above the shorter ones", () => {
    const gap = partingGap(Float64Array.of(...Array<number>(50).fill(30), ...Array<number>(9).fill(9_000)));
    expect(gap).toBeGreaterThanOrEqual(30);
    expect(gap).toBeLessThan(60);
  });

  it("is a usual one where gaps make no two classes", () => {
    expect(partingGap(new Float64Array(0))).toBe(200);
    expect(partingGap(Float64Array.from({ length: 40 }, () => 5_000))).toBe(200);
    expect(partingGap(Float64Array.of(100, 120, 140, 160, 200))).toBe(200);
  });

  it("is never shorter than 20 ms nor longer than a second", () => {
    expect(partingGap(Float64Array.of(...Array<number>(50).fill(0.2), ...Array<number>(50).fill(8)))).toBe(20);
    expect(partingGap(Float64Array.of(...Array<number>(50).fill(4_000), ...Array<number>(9).fill(900_000)))).toBe(
      1_000,
    );
  });
});
