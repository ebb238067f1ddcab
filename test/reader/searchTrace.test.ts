import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TracePicture } from "../../src/reader/picture";
import { BlockSearch, type BlockSizes } from "../../src/reader/searchBlock";
import { queryMatcher } from "../../src/reader/searchMatcher";
import { PatternFaultError } from "../../src/reader/searchPattern";
import { TraceSearch } from "../../src/reader/searchTrace";
import { buildColumns } from "../../src/trace/buildColumns";
import { describeSpan } from "../../src/trace/describeSpan";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { scannedSpans } from "../../src/trace/scannedSpans";
import type { ByteRange } from "../../src/trace/scanRows";
import { TraceScanner } from "../../src/trace/scanTrace";
import type { TraceSpan } from "../../src/trace/schema";
import { foldCase, isCaseSensitive, plainSearch, type SearchQuery } from "../../src/trace/searchQuery";
import { spansInMemory } from "../../src/trace/spanSource";
import { arbitraryDocument } from "../trace/arbitraryDocument";
import { traceText } from "../trace/arbitrarySpans";
import { writeJson } from "../trace/scanWriter";

const encoder = new TextEncoder();

interface Opened {
  readonly inFile: TracePicture;
  readonly inMemory: TracePicture;
  readonly spans: readonly TraceSpan[];
  /** How often fields or spans were read on their own. */
  readonly reads: () => number;
}

/** The parts of a picture that a search asks for. */
function opened(bytes: Uint8Array): Opened {
  const scanner = new TraceScanner();
  scanner.push(bytes);
  const scanned = scanner.end();
  if (scanned.type !== "sound") throw new Error(`damaged at ${scanned.offsetBytes}`);
  let reads = 0;
  const read = ({ startBytes, endBytes }: ByteRange) => {
    reads++;
    return bytes.subarray(startBytes, endBytes);
  };
  const spans = readSnapshot(bytes).trace?.spans ?? [];
  const { columns } = buildColumns(spans, describeSpan);
  return {
    inFile: { columns: scanned.columns, spans: scannedSpans(scanned, read), hasTexts: false } as TracePicture,
    inMemory: { columns, spans: spansInMemory(spans), hasTexts: true } as TracePicture,
    spans,
    reads: () => reads,
  };
}

function search(
  picture: TracePicture,
  query: SearchQuery,
  options: { sizes?: BlockSizes; nearRow?: number; rows?: Uint32Array } = {},
): number[] {
  const matcher = queryMatcher(query);
  const { nearRow, rows } = options;
  const block = new BlockSearch(matcher, options.sizes);
  const run = new TraceSearch({ matcher, picture: () => picture, nearRow, rows, block });
  const found: number[] = [];
  let searched = 0;
  for (const _ of run.run()) {
    const part = run.takePart();
    found.push(...part.rows);
    expect(part.searched).toBeGreaterThanOrEqual(searched);
    searched = part.searched;
  }
  const last = run.takePart();
  found.push(...last.rows);
  expect(last.searched).toBe(1);
  expect(run.skippedCount).toBe(0);
  expect(new Set(found).size).toBe(found.length);
  return found.sort((a, b) => a - b);
}

// What follows is written for being seen to be right, not for speed.

function textsOf(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}

function textsOfSpan(span: TraceSpan): string[] {
  const { spanId, statusMessage, input, output, attributes, events } = span;
  return [spanId, statusMessage, input, output, attributes, events].flatMap(textsOf);
}

function holds(text: string, query: SearchQuery): boolean {
  const isSensitive = isCaseSensitive(query);
  const word = /[\p{L}\p{M}\p{N}_]/u;
  if (query.regex) {
    const source = query.wholeWord
      ? `(?<![\\p{L}\\p{M}\\p{N}_])(?:${query.text})(?![\\p{L}\\p{M}\\p{N}_])`
      : query.text;
    return new RegExp(source, isSensitive ? "mu" : "imu").test(text);
  }
  const [haystack, needle] = isSensitive ? [text, query.text] : [foldCase(text), foldCase(query.text)];
  for (let at = 0; at + needle.length <= haystack.length; at++) {
    if (haystack.slice(at, at + needle.length) !== needle) continue;
    if (!query.wholeWord) return true;
    const isInWord = (place: number) =>
      word.test([...haystack.slice(0, place)].at(-1) ?? "") && word.test([...haystack.slice(place)][0] ?? "");
    if (!isInWord(at) && !isInWord(at + needle.length)) return true;
  }
  return false;
}

function naive(spans: readonly TraceSpan[], query: SearchQuery): number[] {
  const { columns } = buildColumns(spans, describeSpan);
  const isFound = (row: number) => {
    const texts = [columns.name, columns.label, columns.outcome].map(
      (column) => columns.strings[column[row] ?? 0] ?? "",
    );
    const span = spans[row];
    return [...texts, ...(span === undefined ? [] : textsOfSpan(span))].some((text) => holds(text, query));
  };
  return Array.from({ length: columns.count }, (_, row) => row).filter(isFound);
}

const sizes: fc.Arbitrary<BlockSizes> = fc.record({
  blockBytes: fc.constantFrom(1, 300, 1 << 20),
  windowBytes: fc.constantFrom(3, 20, 1 << 16),
});

/** Turns a text of the trace into a query that finds it, or nearly does. */
interface Picking {
  readonly text: number;
  readonly from: number;
  readonly length: number;
  readonly change: "none" | "upper" | "lower" | "otherEnd" | "own";
  readonly own: string;
}
const picking: fc.Arbitrary<Picking> = fc.record({
  text: fc.nat(),
  from: fc.nat(),
  length: fc.integer({ min: 1, max: 12 }),
  change: fc.constantFrom("none", "none", "upper", "lower", "otherEnd", "own"),
  own: fc.constantFrom(
    ...'a e 1 12 true null status spanId tool tracekeeper missing parent / \\ " \n 0 e+ 1e i k s ß ſ K İ ı Σ ς :, {} infinity é É 😀'.split(
      " ",
    ),
    " ",
    "\ud83d",
    "\ude00",
  ),
});

function pick(spans: readonly TraceSpan[], { text, from, length, change, own }: Picking): string {
  const { columns } = buildColumns(spans, describeSpan);
  const texts = [...columns.strings, ...spans.flatMap(textsOfSpan)].filter((candidate) => candidate !== "");
  const whole = texts[text % Math.max(1, texts.length)];
  if (whole === undefined || change === "own") return own;
  const start = from % whole.length;
  const part = whole.slice(start, start + length);
  switch (change) {
    case "upper":
      return part.toUpperCase();
    case "lower":
      return part.toLowerCase();
    case "otherEnd":
      return `${part}${own}`;
    default:
      return part;
  }
}

describe("search in a trace", () => {
  it("finds the rows that looking at every text of every span finds, in a file and in memory", () => {
    let hits = 0;
    fc.assert(
      fc.property(
        arbitraryDocument,
        picking,
        fc.boolean(),
        fc.boolean(),
        sizes,
        fc.nat({ max: 12 }),
        (document, picked, matchCase, wholeWord, blockSizes, nearRow) => {
          const { inFile, inMemory, spans } = opened(encoder.encode(document));
          const query = { text: pick(spans, picked), matchCase, wholeWord, regex: false };
          const expected = naive(spans, query);
          hits += expected.length;
          expect(search(inMemory, query, { nearRow })).toEqual(expected);
          expect(search(inFile, query, { sizes: blockSizes, nearRow })).toEqual(expected);
          const some = Uint32Array.from(expected.filter((_, index) => index % 2 === 0));
          expect(search(inFile, query, { rows: some })).toEqual([...some]);
        },
      ),
      { numRuns: 150 },
    );
    expect(hits).toBeGreaterThan(10);
  });

  it.each<[json: string, text: string, isFound: boolean]>([
    [String.raw`"a\/b"`, "a/b", true],
    [String.raw`"\u0061bc"`, "abc", true],
    [String.raw`"\u0041BC"`, "abc", true],
    [String.raw`"gr\u00f6\u00DFe"`, "größe", true],
    [String.raw`"GR\u00d6\u00dfE"`, "größe", true],
    [String.raw`"\ud83d\ude00!"`, "😀!", true],
    [String.raw`"say \u0022hi\u0022"`, 'say "hi"', true],
    [String.raw`"one\u000atwo"`, "one\ntwo", true],
    [String.raw`"C:\\temp"`, "C:\\temp", true],
    [String.raw`"C:\\temp"`, ":\temp", false],
    [String.raw`"a\nb"`, "nb", false],
    [String.raw`"a\\nb"`, "nb", true],
    [String.raw`"\u00e9a"`, "e9a", false],
    [String.raw`"\\u00e9a"`, "e9a", true],
    [`"200 \u212a"`, "200 k", true],
    [`"\u0130stanbul"`, "istanbul", true],
    [`"\u039f\u0394\u039f\u03a3"`, "οδος", true],
    [`"\u039f\u0394\u039f\u03a3"`, "οδοσ", true],
    [`"\u3800"`, "à", false],
    ["4.711e3", "4711", true],
    ["1e21", "1e+21", true],
    ["100000000000000000000000", "e+23", true],
    ["0.0000001", "1e-7", true],
    ["[1e2,2]", "1,2", false],
    [`{"a":true}`, `a":t`, false],
    [`{"a":[null]}`, "null", false],
    [`{"a":[true]}`, "true", true],
  ])("a text that is written as %s: %j", (json, text, isFound) => {
    const span = `{"spanId":"#","parentSpanId":null,"name":"","kind":"tool","startTime":1,"status":"ok","output":`;
    const file = encoder.encode(`{"spans":[${span}"${"-".repeat(100)}"},${span}${json}}]}`);
    const { inFile, spans } = opened(file);
    expect(search(inFile, { ...plainSearch, text })).toEqual(isFound ? [1] : []);
    const query = { ...plainSearch, regex: true, text: text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&") };
    expect(search(inFile, query)).toEqual(naive(spans, query));
  });

  it.each<[json: string, word: string, isFound: boolean]>([
    [String.raw`"line\nfoo"`, "foo", true],
    [String.raw`"line\\nfoo"`, "foo", false],
    [String.raw`"foo\u00e9"`, "foo", false],
    [String.raw`"foo\u0020"`, "foo", true],
    [`"foo\u00e9"`, "foo", false],
    [`"a_foo b"`, "foo", false],
    [`"(foo)"`, "foo", true],
    [`"a(foo)b"`, "(foo)", true],
    [`"food foo"`, "foo", true],
    [`{"food":["foo"]}`, "foo", true],
  ])("a word that is written as %s: %s", (json, word, isFound) => {
    const span = `{"spanId":"#","parentSpanId":null,"name":"","kind":"tool","startTime":1,"status":"ok","output":`;
    const file = encoder.encode(`{"spans":[${span}"${"-".repeat(100)}"},${span}${json}}]}`);
    const { inFile } = opened(file);
    expect(search(inFile, { ...plainSearch, wholeWord: true, text: word })).toEqual(isFound ? [1] : []);
  });

  it("looks at ids, labels and what mending has made, and not at names of fields", () => {
    const plain = { parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };
    const { inFile, spans } = opened(
      encoder.encode(
        traceText([
          ...Array.from({ length: 1_100 }, (_, row) => ({ spanId: `s${row}`, ...plain })),
          { spanId: "odd", ...plain, kind: "weird" },
          { ...plain },
          { spanId: "a-needle", ...plain },
          { spanId: "l", ...plain, name: "grep", input: { pattern: "foo", path: "src" } },
          { spanId: "f", ...plain, input: { a: [null] }, attributes: { b: "null" } },
        ]),
      ),
    );
    const find = (text: string) => search(inFile, { ...plainSearch, text });
    expect(find("weird")).toEqual([1_100]);
    expect(find("tracekeeper.kind")).toEqual([1_100]);
    expect(find(spans[1_101]?.spanId ?? "?")).toEqual([1_101]);
    expect(find("needle")).toEqual([1_102]);
    expect(find("foo in src")).toEqual([1_103]);
    expect(find("null")).toEqual([1_104]);
    for (const field of ["parentSpanId", "startTime", "status"]) expect(find(field)).toEqual([]);
  });

  it("does so where escapes, words and numbers are all that there is", () => {
    // Few characters, so that nearly everything is nearly a match, and each of them means something in JSON or in words.
    const unit = fc.constantFrom(
      ...'a n u 0 4 1 e t _ / \\ " \n \b . - é É s ſ k K i İ σ Σ ς ü 😀'.split(" "),
      " ",
      "\n",
      "\b",
    );
    const text = fc.array(unit, { maxLength: 6 }).map((units) => units.join(""));
    const number = fc.constantFrom(0.1, 1e21, 1e-7, 4, 40, 410, 1e3, 1.5e300, 0.30000000000000004, -41, 2 ** 60);
    const value = fc.oneof(
      text,
      fc.array(fc.oneof(text, number, fc.boolean(), fc.constant(null)), { maxLength: 3 }),
      fc.dictionary(text, fc.oneof(text, number), { maxKeys: 2 }),
      number,
    );
    const spans = fc.array(
      fc.record({ input: value, output: value, attributes: fc.dictionary(text, text, { maxKeys: 1 }) }),
      { minLength: 1, maxLength: 4 },
    );
    let hits = 0;
    fc.assert(
      fc.property(
        spans,
        fc.array(unit, { minLength: 1, maxLength: 3 }).map((units) => units.join("")),
        fc.boolean(),
        fc.boolean(),
        sizes,
        fc.record({
          seed: fc.integer(),
          whiteSpace: fc.constantFrom(0, 200),
          escapes: fc.constantFrom(0, 100, 600),
          exponents: fc.constantFrom(0, 500),
        }),
        (fields, needle, matchCase, wholeWord, blockSizes, written) => {
          const list = fields.map((field, row) => ({
            ...{ spanId: `#${row}`, parentSpanId: null, name: "", kind: "tool", startTime: 1, status: "ok" },
            ...field,
          }));
          const { inFile, inMemory, spans: read } = opened(encoder.encode(writeJson({ spans: list }, written)));
          const query = { text: needle, matchCase, wholeWord, regex: false };
          const expected = naive(read, query);
          hits += expected.length;
          expect(search(inFile, query, { sizes: blockSizes })).toEqual(expected);
          expect(search(inMemory, query)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
    expect(hits).toBeGreaterThan(10);
  });

  it("does so for regular expressions", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        arbitraryDocument,
        picking,
        fc.constantFrom("(?:%)", "%|zz", "%.?", "[^x]%", "(?:%)+\\w", "^%", "%$", "x?%"),
        fc.boolean(),
        fc.boolean(),
        sizes,
        (document, picked, shape, matchCase, wholeWord, blockSizes) => {
          const { inFile, inMemory, spans } = opened(encoder.encode(document));
          const literal = pick(spans, picked).replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
          const query = { text: shape.replace("%", () => literal), matchCase, wholeWord, regex: true };
          // Neither engine knows what half a character is in an expression.
          if (/\p{Surrogate}/u.test(literal) || literal === "") return;
          try {
            queryMatcher(query);
          } catch (error) {
            if (error instanceof PatternFaultError) return;
            throw error;
          }
          compared++;
          const expected = naive(spans, query);
          expect(search(inMemory, query)).toEqual(expected);
          expect(search(inFile, query, { sizes: blockSizes })).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(20);
  });
});
