import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkAt, textLinks } from "../../src/trace/textLinks";

/** What is a link in a text, with where it leads. */
function links(text: string): string[][] {
  return textLinks(text, 0, text.length).map(({ start, end, title }) => [text.slice(start, end), title]);
}

describe("textLinks", () => {
  it("finds places and addresses in the lines of a text", () => {
    const text = [
      "Error: boom",
      "    at run (/repo/src/billing/tax.ts:41:23)",
      "see https://example.com/a?b=c.",
      '  "filePath": "src/x.ts",',
      "nothing here",
    ].join("\n");
    expect(links(text)).toEqual([
      ["/repo/src/billing/tax.ts:41:23", "/repo/src/billing/tax.ts:41:23"],
      ["https://example.com/a?b=c", "https://example.com/a?b=c"],
      ["src/x.ts", "src/x.ts"],
    ]);
  });

  it("knows the path above the lines of a report", () => {
    const report = "/repo/src/a.ts\n  3:5   error  No\n  12:9  warning  Hm\n\n/repo/src/b.ts\n  1:1  error  No";
    expect(links(report)).toContainEqual(["12:9", "/repo/src/a.ts:12:9"]);
    expect(links(report)).toContainEqual(["1:1", "/repo/src/b.ts:1:1"]);
    const inside = report.indexOf("12:9");
    expect(textLinks(report, inside, report.length)[0]).toMatchObject({
      start: 0,
      end: 4,
      title: "/repo/src/a.ts:12:9",
    });
  });

  it("finds them on lines that are longer than anybody writes", () => {
    const text = `{"text": "${"word ".repeat(600)}","path":"src/far/away.ts:7"}`;
    expect(links(text)).toEqual([["src/far/away.ts:7", "src/far/away.ts:7"]]);
  });

  it("gives no network path", () => {
    expect(links("at \\\\server\\share\\x.ts:3 and //server/share/x.ts:3")).toEqual([]);
  });

  it("leads where it says, whichever part of the text was asked for", () => {
    const words = fc.constantFrom(
      "src/a.ts:3",
      "/repo/b.py:7:2",
      "https://example.com/x",
      "word",
      " ",
      "\n",
      "  4:2  error",
      "x.ts",
      "(",
      "\t",
      "äö",
      `${"long ".repeat(500)}`,
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), fc.nat(), fc.nat(), (parts, a, b) => {
        const text = parts.join(" ");
        const whole = textLinks(text, 0, text.length);
        for (const [index, link] of whole.entries()) {
          expect(link.start).toBeGreaterThanOrEqual(whole[index - 1]?.end ?? 0);
          const target = linkAt(text, link.start);
          expect(target?.type).toBe(link.type);
          expect(linkAt(text, link.end - 1)).toEqual(target);
          if (target?.type === "place") expect(link.title.startsWith(target.place.path)).toBe(true);
        }
        const from = a % (text.length + 1);
        const to = from + (b % (text.length - from + 1));
        const inPart = whole.filter((link) => link.start >= from && link.end <= to);
        const part = textLinks(text, from, to).map((link) => ({
          ...link,
          start: link.start + from,
          end: link.end + from,
        }));
        expect(part).toEqual(inPart);
      }),
      { numRuns: 1_000 },
    );
  });

  it("leads nowhere beside a link", () => {
    expect(linkAt("see src/a.ts:3 now", 0)).toBeUndefined();
    expect(linkAt("see src/a.ts:3 now", 14)).toBeUndefined();
    expect(linkAt("see src/a.ts:3 now", 13)).toMatchObject({ type: "place", place: { path: "src/a.ts", line: 3 } });
    expect(linkAt("", 0)).toBeUndefined();
    expect(linkAt("x", 5)).toBeUndefined();
  });
});
