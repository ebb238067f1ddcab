import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DiffEntry } from "../../../src/trace/diffView";
import { type DiffLine, diffRows } from "../../../webview/layout/diffPairs";

function line(sign: DiffLine["sign"], text: string): DiffLine {
  return { type: "line", sign, text, totalLength: text.length, marks: [] };
}

describe("two sides of a diff", () => {
  it("stand beside each other where one replaces the other", () => {
    const rows = diffRows([
      line("=", "a"),
      line("-", "b"),
      line("-", "c"),
      line("+", "B"),
      line("=", "d"),
      line("+", "e"),
    ]);
    expect(rows.map((row) => (row.type === "lines" ? [row.left?.text, row.right?.text] : row.type))).toEqual([
      ["a", "a"],
      ["b", "B"],
      ["c", undefined],
      ["d", "d"],
      [undefined, "e"],
    ]);
  });

  it("hold every line once, in its order", () => {
    const entry: fc.Arbitrary<DiffEntry> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(fc.constantFrom("=", "-", "+"), fc.string()).map(([sign, text]) => line(sign as "=", text)),
      },
      { weight: 1, arbitrary: fc.constantFrom<DiffEntry>({ type: "gap" }, { type: "fold", from: 3, count: 9 }) },
    );
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const rows = diffRows(entries);
        const side = (which: "left" | "right") =>
          rows.flatMap((row) => (row.type === "lines" ? (row[which] ?? []) : row));
        const of = (sign: "-" | "+") =>
          entries.filter((each) => each.type !== "line" || each.sign === "=" || each.sign === sign);
        expect(side("left")).toEqual(of("-"));
        expect(side("right")).toEqual(of("+"));
      }),
    );
  });
});
