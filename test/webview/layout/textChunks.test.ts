import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartedText } from "../../../src/trace/textPart";
import { rowsOf, type TextChunk, withPart } from "../../../webview/layout/textChunks";

function chunksOf(text: string, partLengths: readonly number[]): TextChunk[] {
  const parted = new PartedText(text);
  let chunks: TextChunk[] = [];
  let from = 0;
  for (let index = 0; from < text.length; index++) {
    const part = parted.part(from, Math.max(2, partLengths[index % partLengths.length] ?? 1_000));
    chunks = withPart(chunks, part);
    from += part.text.length;
  }
  return chunks;
}

const word = fc.constantFrom(
  "word ",
  "\n",
  "src/a.ts:3 ",
  "x".repeat(5_000),
  "😀",
  "line\n".repeat(900),
  "see src/b.ts:7\n",
);
const texts = fc.array(word, { maxLength: 40 }).map((words) => words.join(""));
const lengths = fc.array(fc.integer({ min: 2, max: 30_000 }), { minLength: 1, maxLength: 5 });

describe("pieces of a text", () => {
  it("make the whole text, in whichever parts it comes, and are small", () => {
    fc.assert(
      fc.property(texts, lengths, (text, partLengths) => {
        const chunks = chunksOf(text, partLengths);
        expect(chunks.map((chunk) => chunk.text).join("") === text).toBe(true);
        let from = 0;
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk.from).toBe(from);
          expect(chunk.text.length).toBeGreaterThan(0);
          expect(chunk.text.length).toBeLessThanOrEqual(12_000);
          expect(chunk.continues).toBe(index > 0 && chunks[index - 1]?.text.endsWith("\n") !== true);
          expect(/[\ud800-\udbff]$/.test(chunk.text)).toBe(false);
          from += chunk.text.length;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("end at the end of a line where one is near", () => {
    const chunks = chunksOf("a line of some words\n".repeat(20_000), [65_536]);
    expect(chunks.every(({ text }) => text.endsWith("\n"))).toBe(true);
    expect(chunks.length).toBeLessThan(80);
  });

  it("hold each link of the text once, where it stands, unless a cut goes through it", () => {
    fc.assert(
      fc.property(texts, lengths, (text, partLengths) => {
        const whole = new PartedText(text).part(0, text.length).links.map(({ start, title }) => `${start} ${title}`);
        const inChunks = chunksOf(text, partLengths).flatMap(({ from, links, text: own }) =>
          links.map(({ start, end, title }) => {
            expect(own.slice(start, end)).toBe(title);
            return `${from + start} ${title}`;
          }),
        );
        expect(whole).toEqual(expect.arrayContaining(inChunks));
        expect(new Set(inChunks).size).toBe(inChunks.length);
      }),
      { numRuns: 200 },
    );
    const [only] = chunksOf("one\nsee src/a.ts:3 now\n", [100]);
    expect(only?.links).toEqual([{ start: 8, end: 18, type: "place", title: "src/a.ts:3" }]);
  });

  it("tell about how many rows they take", () => {
    const [chunk] = chunksOf(`${"x".repeat(100)}\n`.repeat(10), [5_000]);
    if (chunk === undefined) throw new Error("No piece");
    expect(rowsOf(chunk, Number.POSITIVE_INFINITY)).toBe(10);
    expect(rowsOf(chunk, 60)).toBe(20);
    expect(rowsOf(chunk, 200)).toBe(10);
  });
});
