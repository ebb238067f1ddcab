// The last lines of an output as a person sees them on the screen.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputTail } from "../../src/session/outputTail";

function tailOf(...texts: readonly string[]): string {
  const tail = new OutputTail();
  // To read it is to look at what came so far.
  let { text } = tail.read();
  for (const piece of texts) {
    tail.add(piece);
    ({ text } = tail.read());
  }
  return text;
}

const esc = "\u001b";

describe("the tail of an output", () => {
  it.each([
    ["lines as they are", "one\ntwo\n", "one\ntwo"],
    ["lines of a terminal", "one\r\ntwo\r\n", "one\ntwo"],
    ["colours left out", `${esc}[31mred${esc}[0m ${esc}[1;38;5;9mbold${esc}[m\n`, "red bold"],
    ["titles and links left out", `${esc}]0;title\u0007a${esc}]8;;http://x${esc}\\link${esc}]8;;${esc}\\\n`, "alink"],
    ["the last state of a progress bar", "start\n10 %\r50 %\r100 %\nend\n", "start\n100 %\nend"],
    ["what a shorter text leaves of a longer one", "12345\rab\n", "ab345"],
    ["nothing of what was erased", `12345\r${esc}[Kab\n99999${esc}[2K\rcd\n`, "ab\ncd"],
    ["several bars that are drawn again", `a 1\nb 1\n${esc}[2Aa 2\nb 2\n`, "a 2\nb 2"],
    ["what was written back over", "abc\b\bX\n", "aXc"],
    ["columns", `x${esc}[5Gy${esc}[2Dz\n`, "x  zy"],
    ["what is below erased", `one\ntwo\nthree\n${esc}[2A${esc}[Jnew\n`, "one\nnew"],
    ["a screen that was cleared", `old\n${esc}[2J${esc}[Hnew\n`, "new"],
    [
      "what a program that took the whole screen leaves",
      `before\n${esc}[?1049hmenu\n${esc}[?1049lafter\n`,
      "before\nafter",
    ],
    ["unknown escapes left out", `${esc}(B${esc}=a${esc}[?25lb${esc}[>4;1mc\n`, "abc"],
    ["a lone escape at the end", `abc${esc}`, "abc"],
    ["nothing", "", ""],
  ])("is %s", (_what, text, expected) => {
    expect(tailOf(text)).toBe(expected);
  });

  it("is the same however the text comes in pieces", () => {
    const part = fc.constantFrom(
      "a",
      "word",
      "\n",
      "\r",
      "\r\n",
      "\b",
      `${esc}[K`,
      `${esc}[1A`,
      `${esc}[31m`,
      `${esc}]0;t\u0007`,
      `${esc}]8;;u${esc}\\`,
      "é",
    );
    const property = fc.property(fc.array(part, { maxLength: 40 }), fc.array(fc.nat(200)), (parts, cuts) => {
      const text = parts.join("");
      const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((one, other) => one - other);
      const pieces = [...at, text.length].map((to, index) => text.slice(at[index - 1] ?? 0, to));
      expect(tailOf(...pieces)).toBe(tailOf(text));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("is at most 16 KiB of whole lines, and says how long all of it is", () => {
    const tail = new OutputTail();
    const line = "ä".repeat(50);
    for (let count = 0; count < 100_000; count++) tail.add(`${count} ${line}\n`);
    const { text, fullLength } = tail.read();
    const bytes = Buffer.byteLength(text);
    expect(bytes).toBeLessThanOrEqual(16 * 1024);
    expect(bytes).toBeGreaterThan(15 * 1024);
    expect(text.endsWith(`99999 ${line}`)).toBe(true);
    expect(text).toMatch(/^\d+ ä/);
    expect(fullLength).toBeGreaterThan(5_000_000);
  });

  it("of much coloured output is its last lines, and of a bar that is drawn again and again its last state", () => {
    const colours = new OutputTail();
    for (let count = 0; count < 50_000; count++) colours.add(`${esc}[32m✓${esc}[0m test ${count}\r\n`);
    expect(colours.read().text).toMatch(/^✓ test \d+\n(?:✓ test \d+\n)+✓ test 49999$/);
    const bar = new OutputTail();
    bar.add("start\n");
    for (let count = 0; count < 100_000; count++) bar.add(`\r${count} of 100000`);
    expect(bar.read()).toMatchObject({ text: "start\n99999 of 100000", fullLength: undefined });
  });

  it("of a single endless line is its end", () => {
    const tail = new OutputTail();
    for (let count = 0; count < 1000; count++) tail.add("€".repeat(1000));
    tail.add("end");
    const { text, fullLength } = tail.read();
    expect(text.endsWith("€end")).toBe(true);
    expect(text).not.toContain("\ufffd");
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(16 * 1024);
    expect(fullLength).toBe(1_000_003);
  });

  it("takes no memory for a cursor that moves ever further", () => {
    const tail = new OutputTail();
    for (let count = 0; count < 10_000; count++) tail.add(`${esc}[999C`);
    tail.add("x\n");
    expect(tail.read().text.length).toBeLessThan(32 * 1024);
  });

  it("keeps a short output whole, and says so", () => {
    const tail = new OutputTail();
    tail.add("one\ntwo\n");
    expect(tail.read()).toEqual({ text: "one\ntwo", fullLength: undefined });
  });
});
