import { describe, expect, it } from "vitest";
import type { TextsResult } from "../../../src/protocol/panelMessages";
import { RowTexts } from "../../../webview/model/rowTexts";

class Asked {
  readonly rows: number[][] = [];
  readonly told: string[] = [];
  readonly texts: RowTexts;
  readonly #answers: { resolve(result: TextsResult): void; reject(error: Error): void }[] = [];

  constructor(lackingCount = 100_000) {
    const request = (_: string, params: { readonly rows: number[] }) => {
      this.rows.push(params.rows);
      return new Promise<TextsResult>((resolve, reject) => this.#answers.push({ resolve, reject }));
    };
    this.texts = new RowTexts({ request: request as never }, 3, lackingCount, {
      onRowTexts: () => this.told.push("rows"),
      changed: () => this.told.push("all"),
    });
  }

  async answer(): Promise<void> {
    const rows = this.rows.at(-1) ?? [];
    this.#answers.shift()?.resolve({
      labels: rows.map((row) => `label ${row}`),
      outcomes: rows.map((row) => `outcome ${row}`),
    });
    await settled();
  }

  async fail(): Promise<void> {
    this.#answers.shift()?.reject(new Error("gone"));
    await settled();
  }
}

/** What was asked for within a turn has gone out, and what was answered has come. */
const settled = () => new Promise((resolve) => setTimeout(resolve));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("texts of rows", () => {
  it("are not asked for where they came with the trace", async () => {
    const asked = new Asked();
    asked.texts.take({ rows: [4, 5], labels: ["four", "five"], outcomes: ["", "done"] });
    asked.texts.want([4, 5, 6]);
    await settled();
    expect(asked.rows).toEqual([[6]]);
    expect([asked.texts.label(4), asked.texts.outcome(5)]).toEqual(["four", "done"]);
  });

  it("are not asked for again while they are on their way", async () => {
    const asked = new Asked();
    asked.texts.want([4, 5, 6]);
    await settled();
    asked.texts.want([5, 6, 7]);
    expect(asked.texts.label(4)).toBe("");
    await asked.answer();
    expect(asked.rows).toEqual([[4, 5, 6], [7]]);
    // Row 4 is shown elsewhere than in the list.
    expect(asked.told).toEqual(["all"]);
    expect(asked.texts.label(4)).toBe("label 4");
    // Once they have not come they are asked for anew.
    await asked.fail();
    asked.texts.want([7]);
    await settled();
    expect(asked.rows).toHaveLength(3);
  });

  it("are asked for together, one question at a time, and told once they are here", async () => {
    const asked = new Asked();
    asked.texts.want([4, 5]);
    asked.texts.want([5, 6, 7]);
    await settled();
    expect(asked.rows).toEqual([[5, 6, 7]]);
    asked.texts.want([7, 8]);
    asked.texts.want([8, 9]);
    await settled();
    expect(asked.rows).toHaveLength(1);
    await asked.answer();
    expect(asked.rows.at(-1)).toEqual([8, 9]);
    expect(asked.texts.known(6)).toEqual({ label: "label 6", outcome: "outcome 6" });
    expect(asked.told).toEqual(["rows"]);
    asked.texts.want([5, 6]);
    await asked.answer();
    expect(asked.rows).toHaveLength(2);
  });

  it("that something else than the list needs are asked for too, and told to all", async () => {
    const asked = new Asked();
    expect(asked.texts.label(50)).toBe("");
    asked.texts.want([4]);
    await settled();
    expect(asked.rows).toEqual([[50, 4]]);
    await asked.answer();
    expect(asked.texts.label(50)).toBe("label 50");
    expect(asked.texts.outcome(50)).toBe("outcome 50");
    expect(asked.told).toEqual(["all"]);
    asked.texts.want([9]);
    await settled();
    expect(asked.rows.at(-1)).toEqual([9]);
  });

  it("are asked for in parts where they are many", async () => {
    const asked = new Asked();
    asked.texts.want(range(0, 2_500));
    await settled();
    await asked.answer();
    await asked.answer();
    await asked.answer();
    expect(asked.rows.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(asked.texts.known(2_499)?.label).toBe("label 2499");
  });

  it("are kept for as many rows as anybody looks at in a while, those looked at last", async () => {
    const asked = new Asked();
    for (let from = 0; from < 60_000; from += 1_000) {
      asked.texts.want([7, ...range(from, from + 999)]);
      await settled();
      await asked.answer();
    }
    expect(asked.texts.known(7)).toBeDefined();
    expect(asked.texts.known(59_900)).toBeDefined();
    const kept = range(0, 60_000).filter((row) => asked.texts.known(row) !== undefined);
    expect(kept.length).toBeLessThanOrEqual(20_000);
    expect(kept.length).toBeGreaterThan(9_000);
  });

  it("of rows that came or changed since are in the columns, and are not asked for", async () => {
    const asked = new Asked(10);
    asked.texts.cameWithColumns(3);
    asked.texts.want([2, 3, 10, 11]);
    await settled();
    expect(asked.rows).toEqual([[2]]);
    expect([2, 3, 10].map((row) => asked.texts.isInColumns(row))).toEqual([false, true, true]);
  });

  it("that cannot be had are asked for again only when rows are shown anew", async () => {
    const asked = new Asked();
    asked.texts.want([1]);
    await settled();
    await asked.fail();
    expect(asked.texts.label(1)).toBe("");
    await settled();
    expect(asked.rows).toHaveLength(1);
    asked.texts.want([1]);
    await settled();
    expect(asked.rows).toEqual([[1], [1]]);
  });

  it("are asked for again where a row has changed and came without them, and stand until then", async () => {
    const asked = new Asked(10);
    asked.texts.want([4]);
    await settled();
    await asked.answer();
    asked.texts.cameWithout(4);
    asked.texts.cameWithout(12);
    expect([4, 11, 12].map((row) => asked.texts.isInColumns(row))).toEqual([false, true, false]);
    expect(asked.texts.known(4)).toEqual({ label: "label 4", outcome: "outcome 4" });
    asked.texts.want([4, 11, 12]);
    await settled();
    expect(asked.rows.at(-1)).toEqual([4, 12]);
    await asked.answer();
    asked.texts.want([4, 12]);
    await settled();
    expect(asked.rows).toHaveLength(2);
    asked.texts.cameWithColumns(4);
    asked.texts.cameWithColumns(12);
    expect([4, 12].map((row) => asked.texts.isInColumns(row))).toEqual([true, true]);
  });
});
