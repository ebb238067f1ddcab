// A document that is parsed piece by piece is what the engine makes of it at once, or nothing at all.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish } from "../../src/base/steps";
import { parseInPieces } from "../../src/trace/parseInPieces";

const encode = (text: string) => new TextEncoder().encode(text);
const inPieces = (bytes: Uint8Array, most: number) => finish(parseInPieces(bytes, most));

function atOnce(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

const json = fc.oneof(
  fc.json({ maxDepth: 6 }),
  fc.jsonValue({ maxDepth: 5 }).map((value) => JSON.stringify(value, undefined, 2)),
);
const most = fc.integer({ min: 1, max: 40 });

describe("a document in pieces", () => {
  it("is what it is at once, however small the pieces are", () => {
    fc.assert(
      fc.property(json, most, (text, mostBytes) => {
        const bytes = encode(text);
        expect(JSON.stringify(inPieces(bytes, mostBytes))).toBe(JSON.stringify(atOnce(bytes)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is nothing where a byte makes it unsound, and nothing else is", () => {
    const byte = fc.oneof(fc.constantFrom(...encode('{}[],:" \\1e-')), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(json, most, fc.nat(), byte, fc.boolean(), (text, mostBytes, place, put, inserts) => {
        const bytes = [...encode(text)];
        bytes.splice(place % (bytes.length + 1), inserts ? 0 : 1, put);
        const changed = Uint8Array.from(bytes);
        expect(JSON.stringify(inPieces(changed, mostBytes))).toBe(JSON.stringify(atOnce(changed)));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    "",
    "  ",
    "[1,]",
    "[,1]",
    '{"a":1,,"b":2}',
    '{"a" [1,2,3,4,5,6]}',
    '{[1,2,3]:"a"}',
    '{"a":[1,2,3]]',
    "[1,2,3][4,5,6]",
    "[1,2,3] x",
    '{"a":[1,2,3] 5}',
    "[[1,2,3]5]",
    '["a\\"]',
  ])("is nothing where it is %j", (text) => {
    for (const mostBytes of [1, 3, 100]) expect(inPieces(encode(text), mostBytes)).toBeUndefined();
  });

  it("has names of prototypes as its own, the last of equal names, and no mark at its start", () => {
    const text = '\ufeff{"__proto__":{"polluted":[1,2,3,4]},"a":[1,2,3],"a":[4,5,6],"7":1,"1":2}';
    for (const mostBytes of [1, 8, 1_000]) {
      const value = inPieces(encode(text), mostBytes);
      expect(JSON.stringify(value)).toBe('{"1":2,"7":1,"__proto__":{"polluted":[1,2,3,4]},"a":[4,5,6]}');
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
  });

  it("pauses for each megabyte and each piece", () => {
    const bytes = encode(
      JSON.stringify({ list: Array.from({ length: 40_000 }, (_, id) => ({ id, text: "x".repeat(100) })) }),
    );
    const steps = parseInPieces(bytes);
    let pauses = 0;
    for (let step = steps.next(); !step.done; step = steps.next()) pauses++;
    expect(pauses).toBeGreaterThan((2 * bytes.length) / 1_100_000);
  });
});
