import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EditRows } from "../../src/reader/editRows";
import type { DiffEntry } from "../../src/trace/diffView";
import type { ChangePart, TextChange } from "../../src/trace/editDiff";

function change(...parts: ChangePart[]): TextChange {
  return { path: "src/a.ts", type: "edit", parts };
}

function rendered(entries: readonly DiffEntry[]): string[] {
  return entries.map((entry) => {
    if (entry.type === "gap") return "gap";
    if (entry.type === "fold") return `fold ${entry.from}+${entry.count}`;
    let text = entry.text;
    for (const mark of [...entry.marks].reverse()) text = `${text.slice(0, mark)}|${text.slice(mark)}`;
    return `${entry.oldLine ?? ""}:${entry.newLine ?? ""}${entry.sign}${text}`;
  });
}

const numbered = (count: number, prefix = "line") =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index + 1}`);

describe("EditRows", () => {
  it("marks what differs within a line", () => {
    const rows = new EditRows(
      change({
        oldText: "return amount * rate;\n",
        newText: "return roundHalfEven(amount * rate, 2);\n",
        oldLine: 41,
        newLine: 41,
      }),
    );
    expect(rows.view()).toMatchObject({
      isNumbered: true,
      isLink: true,
      added: 1,
      removed: 1,
      isRough: false,
      total: 2,
    });
    expect(rendered(rows.view().entries)).toEqual([
      "41:-return amount * rate;",
      ":41+return |roundHalfEven(|amount * rate|, 2)|;",
    ]);
  });

  it("marks what was taken out of a line, each line beside the one that replaces it", () => {
    const rows = new EditRows(
      change({ oldText: "let first = 1;\nlet second = 2;", newText: "let first;\nlet second = 3;" }),
    );
    expect(rendered(rows.view().entries)).toEqual([
      "1:-let first| = 1|;",
      "2:-let second = |2|;",
      ":1+let first;",
      ":2+let second = |3|;",
    ]);
  });

  it("marks nothing in lines that have little in common", () => {
    const rows = new EditRows(change({ oldText: "alpha beta gamma", newText: "const value = 12;" }));
    expect(rendered(rows.view().entries)).toEqual(["1:-alpha beta gamma", ":1+const value = 12;"]);
  });

  it("folds what stayed the same but for three lines around each change", () => {
    const before = numbered(40);
    const after = before.with(19, "changed");
    const rows = new EditRows(change({ oldText: before.join("\n"), newText: after.join("\n") }));
    expect(rendered(rows.view().entries)).toEqual([
      "fold 0+16",
      "17:17=line 17",
      "18:18=line 18",
      "19:19=line 19",
      "20:-line 20",
      ":20+changed",
      "21:21=line 21",
      "22:22=line 22",
      "23:23=line 23",
      "fold 24+17",
    ]);
    expect(rendered(rows.lines(0, 2))).toEqual(["1:1=line 1", "2:2=line 2"]);
    expect(rendered(rows.lines(24, 17)).at(-1)).toBe("40:40=line 40");
  });

  it("keeps the parts of a patch apart, with the lines of the file", () => {
    const rows = new EditRows(
      change(
        { oldText: "a\nb", newText: "a\nc", oldLine: 10, newLine: 12 },
        { oldText: "d", newText: "", oldLine: 40 },
      ),
    );
    expect(rendered(rows.view().entries)).toEqual(["10:12=a", "11:-b", ":13+c", "gap", "40:-d"]);
    expect(rows.view().isNumbered).toBe(true);
  });

  it("counts within the edit where nobody says where it is, and says so", () => {
    expect(new EditRows(change({ oldText: "a", newText: "b" })).view().isNumbered).toBe(false);
    const quoted = new EditRows(change({ oldText: "a", newText: "b" }), 7).view();
    expect([quoted.isNumbered, ...rendered(quoted.entries)]).toEqual([true, "7:-a", ":7+b"]);
  });

  it("does not count a missing line end as a change", () => {
    expect(rendered(new EditRows(change({ oldText: "a\n", newText: "a" })).view().entries)).toEqual(["1:1=a"]);
    expect(rendered(new EditRows(change({ oldText: "", newText: "a\n\n" })).view().entries)).toEqual([":1+a", ":2+"]);
  });

  it("gives up comparing where two texts differ too much, and says so", () => {
    const rows = new EditRows(
      change({ oldText: numbered(3_000, "old").join("\n"), newText: numbered(3_000, "new").join("\n") }),
    );
    const { isRough, added, removed, entries, total } = rows.view();
    expect([isRough, added, removed, entries.length, total]).toEqual([true, 3_000, 3_000, 300, 6_000]);
    expect(rendered(rows.entries(2_999, 2))).toEqual(["3000:-old 3000", ":1+new 1"]);
  });

  it("gives a beginning of bounded size, whatever the lines are", () => {
    const rows = new EditRows(change({ oldText: "", newText: numbered(5_000, "x".repeat(5_000)).join("\n") }));
    const { entries, total } = rows.view();
    expect(total).toBe(5_000);
    expect(JSON.stringify(entries).length).toBeLessThan(90_000);
    expect(entries[0]).toMatchObject({ totalLength: 5_002 });
    const first = entries[0];
    expect(first?.type === "line" && first.text.length).toBe(1_000);
  });

  it("holds both texts, whatever they are, in the order of their lines", () => {
    const line = fc.constantFrom("", "a", "b", "same", "return x;", "return y;");
    const lines = fc.array(line, { maxLength: 40 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        // A text that ends in an empty line cannot be told from one with a line end.
        const oldText = before.map((text) => `${text}\n`).join("");
        const newText = after.map((text) => `${text}\n`).join("");
        const rows = new EditRows(change({ oldText, newText }));
        const all = rows.lines(0, 1_000);
        const side = (sign: "-" | "+") =>
          all.flatMap((entry) => (entry.type === "line" && (entry.sign === "=" || entry.sign === sign) ? [entry] : []));
        expect(side("-").map(({ text }) => text)).toEqual(before);
        expect(side("+").map(({ text }) => text)).toEqual(after);
        expect(side("-").map(({ oldLine }) => oldLine)).toEqual(before.map((_, index) => index + 1));
        expect(side("+").map(({ newLine }) => newLine)).toEqual(after.map((_, index) => index + 1));
        // What is shown, with its folds opened, is all of it.
        const opened = rows
          .entries(0, 1_000)
          .flatMap((entry) => (entry.type === "fold" ? rows.lines(entry.from, entry.count) : [entry]));
        expect(opened).toEqual(all);
        for (const entry of all) {
          if (entry.type !== "line") continue;
          expect(entry.marks.length % 2).toBe(0);
          expect([...entry.marks].sort((a, b) => a - b)).toEqual(entry.marks);
          for (const mark of entry.marks) expect(mark).toBeLessThanOrEqual(entry.text.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
