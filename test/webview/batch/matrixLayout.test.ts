import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { moveCursor } from "../../../webview/batch/input/matrixKeys";
import {
  attemptOfRow,
  cellOrigin,
  cellSizes,
  layoutMatrix,
  type MatrixRoom,
  placeAt,
  rowOfAttempt,
  rowsOf,
  scrollToRun,
} from "../../../webview/batch/layout/matrixLayout";

const rooms: fc.Arbitrary<MatrixRoom> = fc.record({
  runs: fc.integer({ min: 1, max: 20_000 }),
  mostAttempts: fc.integer({ min: 0, max: 20 }),
  widthPx: fc.integer({ min: 60, max: 2_000 }),
  heightPx: fc.integer({ min: 20, max: 900 }),
  ratio: fc.constantFrom(1, 1.25, 1.5, 2),
  cellPx: fc.option(fc.constantFrom(...cellSizes), { nil: undefined }),
});
const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

describe("the matrix of runs and attempts", () => {
  it("finds the cell again that stands at a place, and lets no two share one", () => {
    fc.assert(
      fc.property(rooms, part, part, (room, runPart, rowPart) => {
        const layout = layoutMatrix(room);
        const place = {
          position: Math.floor(runPart * room.runs),
          row: Math.floor(rowPart * rowsOf(layout, room.mostAttempts)),
        };
        const { x, y } = cellOrigin(layout, place);
        expect(x + layout.cellPx).toBeLessThanOrEqual(Math.max(room.widthPx, layout.gutterPx + layout.pitchPx));
        for (const offset of [0, layout.cellPx / 2, layout.cellPx - 0.01]) {
          expect(placeAt(layout, room.runs, x + offset, y + offset)).toEqual(place);
        }
        expect(layout.pitchPx).toBeGreaterThan(layout.cellPx);
      }),
      { numRuns: 300 },
    );
  });

  it("is as large as fits by itself, and scrolls only when cells could not be told apart", () => {
    fc.assert(
      fc.property(rooms, (room) => {
        const { heightPx, cellPx } = layoutMatrix({ ...room, cellPx: undefined });
        expect(heightPx <= room.heightPx || cellPx <= 4.5).toBe(true);
      }),
    );
  });

  it("has a cell for each attempt, and one for the first ones where they are too many", () => {
    const layout = layoutMatrix({ runs: 4, mostAttempts: 12, widthPx: 600, heightPx: 900, ratio: 1 });
    expect(layout.attemptRows).toBe(8);
    expect([1, 3, 12].map((attempts) => rowsOf(layout, attempts))).toEqual([1, 3, 8]);
    expect(rowsOf(layout, 0)).toBe(1);
    expect(attemptOfRow(layout, 12, 0)).toBe(4);
    expect(attemptOfRow(layout, 12, 7)).toBe(11);
    for (let attempt = 4; attempt < 12; attempt++) {
      expect(attemptOfRow(layout, 12, rowOfAttempt(layout, 12, attempt))).toBe(attempt);
    }
  });

  it("scrolls as little as brings a run into view, and not at all where it is", () => {
    fc.assert(
      fc.property(rooms, part, fc.nat(5_000), (room, runPart, from) => {
        const layout = layoutMatrix(room);
        const viewportPx = Math.max(room.heightPx, layout.bandPx);
        const position = Math.floor(runPart * room.runs);
        const top = scrollToRun(layout, position, from, viewportPx);
        const { y } = cellOrigin(layout, { position, row: 0 });
        expect(y).toBeGreaterThanOrEqual(top - 0.001);
        expect(y + layout.bandPx).toBeLessThanOrEqual(top + viewportPx + 0.001);
        expect(scrollToRun(layout, position, top, viewportPx)).toBe(top);
      }),
    );
  });
});

describe("keys on the matrix", () => {
  const layout = layoutMatrix({ runs: 23, mostAttempts: 3, widthPx: 160, heightPx: 900, ratio: 1, cellPx: 22 });
  const ground = { layout, runs: 23, viewportPx: 200, attemptsAt: (position: number) => [1, 3, 0][position % 3] ?? 0 };

  it.each<[string, number, number, string]>([
    ["ArrowRight", 0, 0, "1.0"],
    ["ArrowLeft", 0, 0, "0.0"],
    ["ArrowDown", 1, 0, "1.1"],
    ["ArrowDown", 1, 2, "6.0"],
    ["ArrowUp", 6, 0, "1.2"],
    ["ArrowUp", 1, 2, "1.1"],
    ["End", 0, 0, "22.2"],
    ["Home", 22, 2, "0.0"],
    ["PageDown", 0, 0, "10.0"],
    ["PageUp", 3, 0, "0.0"],
  ])("%s at run %i, attempt %i", (key, position, attempt, expected) => {
    expect(layout.runsPerBand).toBe(5);
    const to = moveCursor(ground, { position, attempt }, key);
    expect(`${to?.position}.${to?.attempt}`).toBe(expected);
  });

  it("never leave the runs, and move nothing that is no key of theirs", () => {
    const keys = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End", "PageUp", "PageDown"] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 60 }), (pressed) => {
        let cursor = { position: 0, attempt: 0 };
        for (const key of pressed) {
          cursor = moveCursor(ground, cursor, key) ?? cursor;
          expect(cursor.position).toBeGreaterThanOrEqual(0);
          expect(cursor.position).toBeLessThan(23);
          expect(cursor.attempt).toBeLessThan(Math.max(1, ground.attemptsAt(cursor.position)));
        }
      }),
    );
    expect(moveCursor(ground, { position: 0, attempt: 0 }, "x")).toBeUndefined();
  });
});
