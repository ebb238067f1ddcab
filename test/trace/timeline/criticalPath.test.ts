import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPath } from "../../../src/trace/timeline/criticalPath";
import { arbitrarySpans } from "../arbitrarySpans";
import { timelineOf, timelineOfSpans } from "./timelineSpans";

/** `a 0-10, - 10-12, b 12-20`; a dash where nothing was at work. */
function pathOf(text: string): string {
  const { columns, tree, work, names } = timelineOf(text);
  const { row, fromMs, toMs } = criticalPath(columns, tree, work);
  return [...row].map((at, index) => `${names[at] ?? "-"} ${fromMs[index]}-${toMs[index]}`).join(", ");
}

describe("the critical path", () => {
  it("goes through steps one after another", () => {
    expect(
      pathOf(`
        main s 0-30
        a t 0-10 < main
        b t 10-30 < main
      `),
    ).toBe("a 0-10, b 10-30");
  });

  it("takes of parallel steps the one that ended last", () => {
    expect(
      pathOf(`
        main s 0-40
        turn g 0-5 < main
        a t 5-20 < main
        b t 5-30 < main
        c t 5-29 < main
        end g 30-40 < main
      `),
    ).toBe("turn 0-5, b 5-30, end 30-40");
  });

  it("goes into what a step consists of, and leaves to the step what nothing within explains", () => {
    expect(
      pathOf(`
        main s 0-100
        turn g 0-100 < main
        a t 20-50 < turn
        b t 60-90 < turn
      `),
    ).toBe("turn 0-20, a 20-50, turn 50-60, b 60-90, turn 90-100");
  });

  it("goes on in calls that their turn does not contain", () => {
    expect(
      pathOf(`
        main s 0-100
        turn.1 g 0-10 < main
        a t 11-40 < turn.1
        turn.2 g 40-60 < main
        b t 60-100 < turn.2
      `),
    ).toBe("turn.1 0-10, - 10-11, a 11-40, turn.2 40-60, b 60-100");
  });

  it("follows a pool of workers from each call to the one whose end let it begin", () => {
    expect(
      pathOf(`
        main s 0-60
        a t 0-20 < main
        b t 0-35 < main
        c t 20-60 < main
        d t 35-55 < main
      `),
    ).toBe("a 0-20, c 20-60");
  });

  it("explains time by a step that ran past the next one's beginning, rather than by nothing", () => {
    expect(
      pathOf(`
        main s 0-101
        a t 0-100 < main
        b t 99-101 < main
      `),
    ).toBe("a 0-99, b 99-101");
  });

  it("says where nothing was at work", () => {
    expect(
      pathOf(`
        main s 0-100
        a t 10-20 < main
        b t 80-90 < main
      `),
    ).toBe("- 0-10, a 10-20, - 20-80, b 80-90, - 90-100");
  });

  it("lets an open step last to the end, takes a negative duration for none, and follows several roots", () => {
    expect(
      pathOf(`
        one s 0-30
        a t 0-30 < one
        two s 40-
        b t 45-44 < two
        c t 50- < two
        d t 60-70 < two
      `),
    ).toBe("a 0-30, - 30-50, c 50-70");
  });

  it("takes output for no step", () => {
    expect(
      pathOf(`
        main s 0-50
        command t 0-50 < main
        out x 0-50 < command output
        line x 10-20 < out output
      `),
    ).toBe("command 0-50");
  });

  it("is empty without spans and without times", () => {
    expect(pathOf("")).toBe("");
    expect(pathOf("a t -5-")).toBe("");
  });

  it("covers the whole time without a hole or an overlap, through rows that were there, for any spans", () => {
    fc.assert(
      fc.property(arbitrarySpans, (spans) => {
        const { columns, tree, work } = timelineOfSpans(spans);
        const { row, fromMs, toMs } = criticalPath(columns, tree, work);
        if (work.lastMs > work.firstMs) {
          expect(fromMs[0]).toBe(work.firstMs);
          expect(toMs.at(-1)).toBe(work.lastMs);
        } else expect(row.length).toBe(0);
        for (const [index, at] of row.entries()) {
          expect(fromMs[index]!).toBeLessThan(toMs[index]!);
          if (index > 0) expect(fromMs[index]).toBe(toMs[index - 1]);
          if (at < 0) continue;
          expect(work.startMs[at]!).toBeLessThanOrEqual(fromMs[index]!);
          expect(work.endMs[at]!).toBeGreaterThanOrEqual(toMs[index]!);
        }
      }),
    );
  });

  it("does not recurse over levels nor slow down over siblings", () => {
    const levels = Array.from({ length: 10_000 }, (_, at) => `s${at} p 0-100${at === 0 ? "" : ` < s${at - 1}`}`);
    expect(pathOf(levels.join("\n"))).toBe("s9999 0-100");
    const siblings = Array.from({ length: 20_000 }, (_, at) => `s${at} t ${at}-${at + 1} < main`);
    expect(pathOf(["main s 0-20000", ...siblings].join("\n")).split(", ").length).toBe(20_000);
  });
});
