import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../src/trace/buildColumns";
import type { TraceSpan } from "../../src/trace/schema";
import { FLAG } from "../../src/trace/spanColumns";
import { parentNotReceived } from "../../src/trace/spanForest";
import { arbitrarySpans } from "./arbitrarySpans";
import { renderTree } from "./renderTree";

function span(spanId: string, parentSpanId: string | null, startTime: number, endTime?: number): TraceSpan {
  return {
    spanId,
    parentSpanId,
    name: spanId,
    kind: "tool",
    startTime,
    status: "ok",
    ...(endTime === undefined ? {} : { endTime }),
  };
}

const messages = (spans: readonly TraceSpan[]) =>
  buildColumns(spans).problems.map(({ code, message, count = 1 }) => `${code} x${count}: ${message}`);

describe("the tree that columns describe", () => {
  const cases: readonly [string, TraceSpan[], string][] = [
    [
      "children before their parents in the file",
      [span("c", "b", 2, 3), span("b", "a", 1, 4), span("a", null, 0, 5)],
      "a tool 0-5\n  b tool 1-4\n    c tool 2-3",
    ],
    [
      "orphans under one row that is as long as they are",
      [span("a", null, 0, 5), span("x", "gone", 7, 9), span("y", "gone too", 6)],
      ["a tool 0-5", `${parentNotReceived} span 6-9 synthetic`, "  y tool 6-? open orphan", "  x tool 7-9 orphan"].join(
        "\n",
      ),
    ],
    [
      "children of an id that occurs twice under its first span",
      [span("a", null, 0, 5), span("b", "a", 1, 2), span("b", "a", 3, 4), span("c", "b", 3, 4)],
      "a tool 0-5\n  b tool 1-2\n    c tool 3-4\n  b tool 3-4 duplicateId",
    ],
    ["a span that is its own parent", [span("a", "a", 0, 1)], "a tool 0-1 cycleCut"],
    [
      "a circle of three, cut at its earliest, with a tail that leads into it",
      [span("t", "a", 9, 9), span("a", "b", 3, 4), span("b", "c", 1, 5), span("c", "a", 2, 6)],
      "b tool 0-4 cycleCut\n  a tool 2-3\n    c tool 1-5\n    t tool 8-8",
    ],
    [
      "a circle without any start time, cut at its first row",
      [span("a", "b", Number.NaN, 4), span("b", "a", Number.NaN, 5)],
      "a tool ?-4 noStart cycleCut\n  b tool ?-5 noStart",
    ],
    [
      "times that are missing, before the epoch or the wrong way round",
      [span("a", null, 10, 20), span("n", "a", Number.NaN, 12), span("m", "a", -3, 13), span("w", "a", 15, 14)],
      "a tool 0-10\n  n tool ?-2 noStart\n  m tool ?-3 noStart\n  w tool 5-5 negativeDuration",
    ],
  ];
  it.each(cases)("shows %s", (_name, spans, expected) => {
    expect(renderTree(spans)).toBe(expected);
  });
});

describe("problems of columns", () => {
  it("counts equal ones together and keeps the place of the first", () => {
    const spans = Array.from({ length: 1000 }, (_, index) => span(`s${index}`, "gone", index, index));
    const { problems } = buildColumns(spans);
    expect(problems).toEqual([expect.objectContaining({ code: "parent-not-received", count: 1000, spanIndex: 0 })]);
  });

  it("names the spans of a cycle", () => {
    expect(messages([span("a", "b", 1), span("b", "c", 2), span("c", "a", 3)])).toEqual([
      "parent-cycle x1: The spans a, b, c are each other's parents; a is shown at the top",
    ]);
    expect(messages([span("a", "a", 1)])).toEqual([
      "parent-cycle x1: The span a names itself as its parent; it is shown at the top",
    ]);
    const ring = Array.from({ length: 10_000 }, (_, index) => span(`s${index}`, `s${(index + 1) % 10_000}`, index));
    expect(messages(ring)).toEqual([
      "parent-cycle x1: The spans s0, s1, s2, s3 and 9,996 more are each other's parents; s0 is shown at the top",
    ]);
  });

  it("has none for sound spans", () => {
    expect(messages([span("a", null, 0, 9), span("b", "a", 1, 2), span("c", "a", 3)])).toEqual([]);
  });
});

describe("columns", () => {
  it("holds label and outcome of each span, equal texts once", () => {
    const spans = [span("a", null, 0, 1), span("b", "a", 0, 1)];
    const { columns } = buildColumns(spans, ({ name }, index) => ({
      label: `npm ${index}`,
      outcome: name && "exit 1",
    }));
    const texts = (column: Uint32Array) => [...column].map((index) => columns.strings[index]);
    expect(texts(columns.label)).toEqual(["npm 0", "npm 1"]);
    expect(texts(columns.outcome)).toEqual(["exit 1", "exit 1"]);
    expect(columns.strings).toEqual(["", "a", "npm 0", "exit 1", "b", "npm 1"]);
  });

  it("marks outputs that were cut and the span that stands for elided ones", () => {
    const cut: TraceSpan = { ...span("a", null, 0, 1), output: "x".repeat(10_000) };
    const elided: TraceSpan = {
      ...span("e", null, 0, 1),
      name: "elided-1500-3500-of-5600",
      attributes: { elided: 600, totalSpans: 5600 },
    };
    const { columns } = buildColumns([cut, { ...cut, spanId: "b", output: "x".repeat(9_999) }, elided]);
    expect([...columns.flags]).toEqual([FLAG.cutOutput, 0, FLAG.elided]);
  });

  it("keeps every span and every promise of its type for any spans", () => {
    fc.assert(
      fc.property(arbitrarySpans, (spans) => {
        const { columns } = buildColumns(spans);
        expect(columns.count - spans.length).toBe(columns.flags.some((bits) => bits & FLAG.orphan) ? 1 : 0);
        for (let row = 0; row < columns.count; row++) {
          expect(columns.endMs[row]! < columns.startMs[row]!).toBe(false);
          let steps = 0;
          for (let up = columns.parent[row]!; up >= 0; up = columns.parent[up]!) {
            expect(up).toBeLessThan(columns.count);
            expect(++steps).toBeLessThanOrEqual(columns.count);
          }
          const known = spans.some(({ spanId }) => spanId === spans[row]?.parentSpanId);
          if (known && !(columns.flags[row]! & FLAG.cycleCut)) {
            expect(spans[columns.parent[row]!]?.spanId).toBe(spans[row]?.parentSpanId);
          }
        }
      }),
    );
  });
});
