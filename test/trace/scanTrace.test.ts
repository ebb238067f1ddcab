import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../src/trace/buildColumns";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { rangedFields } from "../../src/trace/scanRows";
import { type DamagedScan, type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { FLAG } from "../../src/trace/spanColumns";
import { arbitraryDocument } from "./arbitraryDocument";
import { traceText } from "./arbitrarySpans";
import { Entries, randomSource, writeJson } from "./scanWriter";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Cutting {
  readonly windowBytes?: number;
  /** Chunks have from 1 to so many bytes. */
  readonly mostChunkBytes?: number;
  readonly seed?: number;
}

function scan(bytes: Uint8Array, { windowBytes, mostChunkBytes = 1 << 20, seed = 1 }: Cutting = {}) {
  const scanner = new TraceScanner(windowBytes === undefined ? {} : { windowBytes });
  const random = randomSource(seed);
  // The scanner may keep nothing of the caller's chunk.
  const chunk = new Uint8Array(mostChunkBytes);
  for (let from = 0; from < bytes.length; ) {
    const length = Math.min(bytes.length - from, 1 + Math.floor(random() * mostChunkBytes));
    chunk.set(bytes.subarray(from, from + length));
    const damage = scanner.push(chunk.subarray(0, length));
    chunk.fill(0x21);
    if (damage !== undefined) return damage;
    from += length;
  }
  return scanner.end();
}

function sound(result: ScannedTrace | DamagedScan): ScannedTrace {
  if (result.type !== "sound") throw new Error(`damaged at ${result.offsetBytes}`);
  return result;
}

/** Fails where the scan differs from what the whole file's value gives. */
function expectSame(bytes: Uint8Array, scanned: ScannedTrace): void {
  const { trace, problems } = readSnapshot(bytes);
  if (trace === undefined) throw new Error("not a trace");
  const built = buildColumns(trace.spans);
  const { strings, name, label, outcome, ...columns } = scanned.columns;
  const { strings: builtStrings, name: builtName, label: _label, outcome: _outcome, ...builtColumns } = built.columns;
  expect(columns).toEqual(builtColumns);
  expect([...name].map((index) => strings[index])).toEqual([...builtName].map((index) => builtStrings[index]));
  expect([...label, ...outcome].every((index) => index === 0)).toBe(true);
  expect(strings[0]).toBe("");
  expect(scanned.spanCount).toBe(trace.spans.length);
  expect(trace.spans.map((_, row) => scanned.idOf(row))).toEqual(trace.spans.map(({ spanId }) => spanId));
  for (const { spanId } of trace.spans) {
    expect(scanned.rowOf(spanId)).toBe(trace.spans.findIndex((span) => span.spanId === spanId));
  }
  expect(scanned.treeProblems).toEqual(built.problems);
  const ofSpans = problems.filter(({ spanIndex, code }) => spanIndex !== undefined && code !== "cut-output");
  expect(scanned.spanProblems.filter(({ spanIndex }) => spanIndex !== undefined)).toEqual(ofSpans);
  expect(scanned.lengthBytes).toBe(bytes.length);

  const root = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const value = ({ startBytes, endBytes }: { startBytes: number; endBytes: number }) =>
    JSON.parse(decoder.decode(bytes.subarray(startBytes, endBytes))) as unknown;
  const isEmpty = (entry: object) => Object.keys(entry).length === 0;
  const raw = (root["spans"] as Record<string, unknown>[]).filter((entry) => !isEmpty(entry));
  for (const [row, span] of raw.entries()) {
    expect(value(scanned.spanRange(row))).toEqual(span);
    for (const field of rangedFields) {
      const range = scanned.fieldRange(row, field);
      if (field === "other") continue;
      // For optional fields null is the same as nothing.
      const isThere = Object.hasOwn(span, field) && (span[field] !== null || field === "input" || field === "output");
      expect(range !== undefined, `${field} of row ${row}`).toBe(isThere);
      if (range !== undefined) expect(value(range)).toEqual(span[field]);
    }
  }
  const { spans: _spans, ...rest } = root;
  expect(Object.fromEntries([...scanned.header].map(([key, field]) => [key, field.value]))).toEqual(rest);
  for (const [key, field] of scanned.header) expect(value(field)).toEqual(root[key]);
}

const cutting = fc.record({
  windowBytes: fc.constantFrom(1, 16, 50, 400, 10_000),
  mostChunkBytes: fc.constantFrom(1, 7, 100, 5000),
  seed: fc.integer(),
});

describe("a scan of a sound trace", () => {
  it("gives what reading the whole file gives, in whatever way it is written and cut into chunks", () => {
    fc.assert(
      fc.property(arbitraryDocument, cutting, (document, cut) => {
        const bytes = encoder.encode(document);
        expectSame(bytes, sound(scan(bytes, cut)));
      }),
      { numRuns: 1500 },
    );
  });

  it("is sound for exactly those bytes that JSON.parse reads, and names a byte up to which they could be", () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte: fc.nat(255),
      type: fc.constantFrom("set", "insert", "remove", "cut"),
    });
    let damaged = 0;
    fc.assert(
      fc.property(arbitraryDocument, change, cutting, (document, { at, byte, type }, cut) => {
        const bytes = [...encoder.encode(document)];
        const index = Math.floor(at * bytes.length);
        if (type === "cut") bytes.length = index;
        else bytes.splice(index, type === "insert" ? 0 : 1, ...(type === "remove" ? [] : [byte]));
        const changed = Uint8Array.from(bytes);
        const result = scan(changed, cut);
        const whole = scan(changed);
        if (result.type === "damaged") expect(whole).toEqual(result);
        let value: unknown;
        try {
          value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(changed));
        } catch {
          expect(result.type).toBe("damaged");
          damaged++;
          if (result.type === "damaged") expect(result.offsetBytes).toBeLessThanOrEqual(changed.length);
          return;
        }
        if (result.type === "sound") return expectSame(changed, result);
        const isObject = (it: unknown) => typeof it === "object" && it !== null && !Array.isArray(it);
        const spans = isObject(value) ? (value as Record<string, unknown>)["spans"] : undefined;
        expect(Array.isArray(spans) && spans.every(isObject)).toBe(false);
      }),
      { numRuns: 1500 },
    );
    expect(damaged).toBeGreaterThan(300);
  });
});

const plain = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };
const bytesOf = (spans: readonly unknown[], indent?: number) => encoder.encode(traceText(spans, indent));

describe("a scan", () => {
  it("does not depend on what was scanned before it by the same process", () => {
    const bytes = bytesOf([plain, { ...plain, parentSpanId: "a" }]);
    const first = sound(scan(bytes));
    const second = sound(scan(bytes, { windowBytes: 20 }));
    expect(second.columns).toEqual(first.columns);
  });

  it("finds outputs that were cut at their 10,000th unit, however their characters are written", () => {
    const texts = ["x", "\u00e9", "\u65e5", "\u{1f600}", "\n", '"', "\ud800", "\u0000"].flatMap((character) =>
      [9_999, 10_000, 10_001].map((length) => character.repeat(10_001).slice(0, length)),
    );
    const spans = texts.flatMap((output, index) => [
      { ...plain, spanId: `t${index}`, output },
      { ...plain, spanId: `u${index}`, output, kind: "text" },
    ]);
    for (const escapes of [0, 500, 1000]) {
      const document = writeJson({ version: 2, spans }, { seed: 3, whiteSpace: 0, escapes });
      const bytes = encoder.encode(document);
      const scanned = sound(scan(bytes, { windowBytes: 4000 }));
      expectSame(bytes, scanned);
      expect([...scanned.columns.flags].filter((flags) => (flags & FLAG.cutOutput) !== 0)).toHaveLength(8);
    }
  });

  it("passes over payloads that are nested more deeply than any call stack", () => {
    const levels = 1_000_000;
    const deep = `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const objects = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    const fields = JSON.stringify(plain).slice(1);
    const bytes = encoder.encode(`{"x":${deep},"spans":[{"input":${objects},"output":${deep},${fields}]}`);
    const scanned = sound(scan(bytes));
    const { startBytes, endBytes } = scanned.fieldRange(0, "input") ?? { startBytes: 0, endBytes: 0 };
    expect(endBytes - startBytes).toBe(objects.length);
    expect(scanned.columns.endMs[0]).toBe(2);
    expect(scanned.header.get("x")).toEqual({ startBytes: 5, endBytes: 5 + deep.length });
    expect(scan(encoder.encode(`{"spans":[{"input":${deep.slice(0, -1)}}}]}`)).type).toBe("damaged");
  });

  it("reads odd spans with fields of megabytes like whole ones, and holds none of these fields", () => {
    const large = "line\n\u65e5".repeat(700_000);
    const spans = [
      { ...plain, kind: "odd", input: { content: large }, output: large, unknown: [large] },
      { output: large, startTime: "2026-11-20T08:00:00.000Z", input: large, name: 5, status: "bad", endTime: null },
      { ...plain, spanId: "e", events: [{ name: "a", timeMs: 1, attributes: { large } }], statusMessage: large },
      { ...plain, spanId: "m", model: { modelId: 4, other: large }, attributes: { other: large }, kind: "tool" },
    ];
    for (const windowBytes of [3000, 100_000]) {
      const bytes = bytesOf(spans.slice(0, 3));
      const scanned = sound(scan(bytes, { windowBytes, mostChunkBytes: 1 << 16 }));
      expectSame(bytes, scanned);
      expect(scanned.fieldRanges(0).map(({ field }) => field)).toContain("other");
    }
    // Whether such attributes mark a cut output can't be known without holding them.
    expect(scan(bytesOf([spans[3]])).type).toBe("damaged");
    expect(sound(scan(bytesOf([{ ...plain, attributes: { large } }]))).spanCount).toBe(1);
  });

  it("gives a field beside the spans as a value, and one of more than a megabyte as a range alone", () => {
    const large = "x".repeat(1 << 20);
    const bytes = encoder.encode(JSON.stringify({ large, metadata: { title: "T" }, spans: [], small: large.slice(4) }));
    const { header } = sound(scan(bytes, { windowBytes: 1000 }));
    expect([...header.keys()]).toEqual(["large", "metadata", "small"]);
    expect(header.get("large")).toEqual({ startBytes: 9, endBytes: 9 + large.length + 2 });
    expect(header.get("metadata")?.value).toEqual({ title: "T" });
    expect(header.get("small")?.value).toBe(large.slice(4));
  });

  it("keeps apart thousands of ids and names, and their fields", () => {
    const spans = Array.from({ length: 9000 }, (_, index) => ({
      ...plain,
      spanId: `id-${index}`,
      parentSpanId: index === 0 ? null : `id-${(index * 7919) % index}`,
      name: `name ${index % 4000}`,
      ...(index % 3 === 0 ? { input: index } : {}),
      ...(index % 5 === 0 ? { output: `${index}` } : {}),
    }));
    const bytes = bytesOf(spans);
    expectSame(bytes, sound(scan(bytes)));
  });

  it("knows numbers that are infinite, with an exponent and without", () => {
    for (const number of ["1e999", "-1E+999", `1${"0".repeat(400)}`, "1e30", "0.1e-999"]) {
      for (const field of [
        '"startTime":N',
        '"endTime":N',
        '"cost":N',
        '"tool":{"durationMs":N}',
        '"tokens":{"input":N}',
      ]) {
        const all = `${JSON.stringify(plain).slice(1, -1)},${field.replace("N", number)}`;
        const bytes = encoder.encode(`{"version":2,"spans":[{${all}}]}`);
        expectSame(bytes, sound(scan(bytes, { windowBytes: 50 })));
      }
    }
  });

  it("reads a file that begins with the mark of UTF-8", () => {
    const bytes = encoder.encode(`\ufeff${traceText([plain])}`);
    for (const windowBytes of [1, 100]) {
      const scanned = sound(scan(bytes, { windowBytes, mostChunkBytes: 1 }));
      expect(scanned.spanCount).toBe(1);
      const { startBytes, endBytes } = scanned.spanRange(0);
      expect(JSON.parse(decoder.decode(bytes.subarray(startBytes, endBytes)))).toEqual(plain);
    }
  });

  it("knows rows by their ids, also such as two lone surrogates that differ", () => {
    const ids = ["a", "\ud800", "\udfff", "\ufffd", "\ud83d\ude00", "", "\ufeffa"];
    const scanned = sound(scan(bytesOf(ids.map((spanId) => ({ ...plain, spanId })))));
    expect(ids.map((spanId) => scanned.rowOf(spanId))).toEqual([0, 1, 2, 3, 4, -1, 6]);
    expect(scanned.idOf(5)).toBe("missing-5");
    expect(scanned.rowOf("b")).toBe(-1);
  });
});

describe("a field that is there twice", () => {
  const twice = (first: unknown, last: unknown, field: string) =>
    encoder.encode(
      writeJson(new Entries([["spans", [new Entries([...Object.entries(plain), [field, first], [field, last]])]]]), {
        seed: 1,
        whiteSpace: 0,
        escapes: 0,
      }),
    );
  const cases: readonly [string, unknown, unknown][] = [
    ["interrupted", true, null],
    ["interrupted", true, false],
    ["endTime", 5, null],
    ["endTime", null, 5.125],
    ["attributes", { "tracekeeper.output": true }, null],
    ["attributes", { "tracekeeper.output": true }, {}],
    ["attributes", {}, { "tracekeeper.output": true }],
    ["attributes", { "tracekeeper.skipped": "the condition" }, null],
    ["attributes", { "tracekeeper.replayed": {} }, { "tool.name": "read" }],
    ["attributes", {}, { "tracekeeper.replayed": { sessionId: "s" }, "tool.name": "read" }],
    ["attributes", { "tracekeeper.output": true }, { "tracekeeper.skipped": "the condition" }],
    ["output", "x".repeat(10_000), "x"],
    ["output", "x", "x".repeat(10_000)],
    ["parentSpanId", "a", null],
    ["spanId", "b", "c"],
  ];
  it.each(cases)("counts as it is last: %s", (field, first, last) => {
    const bytes = twice(first, last, field);
    expectSame(bytes, sound(scan(bytes)));
  });

  it("leaves the range of the first one where that is long, so that nobody has to read it", () => {
    for (const last of ["short", null]) {
      const scanned = sound(scan(twice("long".repeat(2000), last, "statusMessage")));
      expect(scanned.fieldRanges(0).find(({ field }) => field === "other")).toBeDefined();
    }
  });
});

describe("a scan of what is no sound trace", () => {
  const fields = JSON.stringify(plain).slice(1, -1);
  const cases: readonly [name: string, document: string | Uint8Array, offsetBytes: number][] = [
    ["nothing", "", 0],
    ["white space", " \n ", 3],
    ["a list", "[]", 0],
    ["a text", '"spans"', 0],
    ["no list of spans", '{"version":2}', 13],
    ["one span in place of the list", '{"spans":{}}', 9],
    ["a list within the list", '{"spans":[[]]}', 10],
    ["a number in place of a span", '{"spans":[1]}', 10],
    ["a file cut within a span", `{"spans":[{${fields}`, 11 + fields.length],
    ["a file cut within a key", `{"spans":[{"spa`, 15],
    ["a file cut within an escape", `{"spans":[{"a":"\\u00`, 20],
    ["a file cut within a character", Uint8Array.of(...encoder.encode('{"a":"'), 0xe6, 0x97), 8],
    ["a file cut within a number", '{"a":1', 6],
    ["something behind the end", '{"spans":[]} x', 13],
    ["a comma before the end of the list", '{"spans":[{},]}', 13],
    ["a comma before the end of a span", '{"spans":[{"a":1,}]}', 17],
    ["a comma before the end of an object in a payload", '{"spans":[{"input":{"a":1,}}]}', 26],
    ["a comma before the end of a list in a payload", '{"spans":[{"input":[1,]}]}', 22],
    ["a key without quotes in a payload", '{"spans":[{"input":{a:1}}]}', 20],
    ["a key without a value in a payload", '{"spans":[{"input":{"a"}}]}', 23],
    ["a key without a value in what is looked at", '{"spans":[{"tool":{"callId"}}]}', 27],
    ["the wrong bracket in a payload", '{"spans":[{"input":[1}}]}', 21],
    ["no comma in a payload", '{"spans":[{"input":[1 2]}]}', 22],
    ["no comma between spans", '{"spans":[{}{}]}', 12],
    ["no colon", '{"spans":[{"a" 1}]}', 15],
    ["a number with a leading zero", '{"spans":[{"startTime":01}]}', 24],
    ["a number without digits behind its dot", '{"spans":[{"startTime":1.}]}', 25],
    ["a word that JSON does not have", '{"spans":[{"endTime":nul1}]}', 24],
    ["a line break within a text", '{"spans":[{"name":"a\nb"}]}', 20],
    ["a NUL between two tokens", '{"spans":[\0{}]}', 10],
    ["an escape that does not exist", '{"spans":[{"output":"\\x"}]}', 22],
    ["an escape with a digit that is none", '{"spans":[{"output":"\\u00g0"}]}', 25],
    ["bytes that are not UTF-8", Uint8Array.of(...encoder.encode('{"spans":[{"output":"'), 0xed, 0xa0, 0x80), 22],
    ["a character longer than it needs to be", Uint8Array.of(...encoder.encode('{"a":"'), 0xc0, 0x80), 6],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x7b, 0), 0],
  ];
  it.each(cases)("says where it shows: %s", (_name, document, offsetBytes) => {
    const bytes = typeof document === "string" ? encoder.encode(document) : document;
    for (const windowBytes of [1, 10, 1000]) {
      expect(scan(bytes, { windowBytes, mostChunkBytes: 3 })).toEqual({ type: "damaged", offsetBytes });
    }
  });

  it("takes no more bytes once it has said so", () => {
    const scanner = new TraceScanner({ windowBytes: 1 });
    const damage = scanner.push(encoder.encode("[1, 2, 3, 4, 5, 6, 7]"));
    expect(damage).toEqual({ type: "damaged", offsetBytes: 0 });
    expect(scanner.push(bytesOf([plain]))).toBe(damage);
    expect(scanner.end()).toBe(damage);
  });
});
