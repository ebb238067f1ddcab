// Where lines and marks stand among the rows of the output.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputRows, scrollScale } from "../../../webview/layout/outputRows";

interface Mark {
  readonly line: number;
  readonly name: string;
}

function shown(rows: OutputRows<Mark>): string {
  return Array.from({ length: rows.count }, (_, row) => {
    const at = rows.at(row);
    return at.type === "line" ? String(at.line) : at.mark.name;
  }).join(" ");
}

const marks: readonly Mark[] = [
  { line: 0, name: "start" },
  { line: 2, name: "gap" },
  { line: 2, name: "gap2" },
  { line: 4, name: "end" },
];

describe("rows of the output", () => {
  it("are lines with marks above those that they name", () => {
    expect(shown(new OutputRows(4, marks))).toBe("start 0 1 gap gap2 2 3 end");
    expect(shown(new OutputRows(0, [{ line: 0, name: "start" }]))).toBe("start");
    expect(shown(new OutputRows<Mark>(2, []))).toBe("0 1");
  });

  it("name the line that belongs to a row, also one that holds a mark", () => {
    const rows = new OutputRows(4, marks);
    expect([0, 1, 3, 5, 6, 7, 99].map((row) => rows.lineAt(row))).toEqual([0, 0, 2, 2, 3, 3, 3]);
  });

  it("lead from a line to its row and back, wherever marks stand", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.array(fc.nat(30), { maxLength: 12 }), (lineCount, places) => {
        const sorted = places.map((place) => Math.min(place, lineCount)).sort((a, b) => a - b);
        const rows = new OutputRows(
          lineCount,
          sorted.map((line, index) => ({ line, name: `m${index}` })),
        );
        const seen = Array.from({ length: rows.count }, (_, row) => rows.at(row));
        expect(seen.filter(({ type }) => type === "mark")).toHaveLength(sorted.length);
        for (let line = 0; line < lineCount; line++)
          expect(rows.at(rows.rowOfLine(line))).toEqual({ type: "line", line });
      }),
    );
  });
});

describe("the scroll bar of a long list", () => {
  it("is as it is for a list that browsers can draw", () => {
    const scale = scrollScale(20_000, 500);
    expect([scale.contentPx, scale.toOffset(123), scale.toScrollTop(123)]).toEqual([20_000, 123, 123]);
  });

  it("covers the whole of one that they can not", () => {
    const scale = scrollScale(400_000_000, 500);
    expect(scale.contentPx).toBeLessThan(30_000_000);
    expect(scale.toOffset(scale.contentPx - 500)).toBeCloseTo(400_000_000 - 500, 0);
    expect(scale.toOffset(scale.toScrollTop(123_456_789))).toBeCloseTo(123_456_789, 0);
  });
});
