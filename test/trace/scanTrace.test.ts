import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../src/trace/buildColumns";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { rangedFields } from "../../src/trace/scanRows";
import { type DamagedScan, type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { spanKinds } from "../../src/trace/schema";
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

const id = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 9 }).map((index) => `s${index}`), weight: 8 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 4 }), weight: 1 },
  { arbitrary: fc.constantFrom("missing-0", "missing-1", "\ud800", "\ud801", "é", "日本語"), weight: 1 },
);
const time = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 40 }), weight: 6 },
  { arbitrary: fc.double({ min: 0, max: 2e12, noNaN: true }), weight: 4 },
  { arbitrary: fc.constantFrom(-0, 1e3, 1795167000123.25, 8.64e15), weight: 1 },
);
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.string({ maxLength: 80 }));
const payload = fc.oneof(fc.jsonValue({ stringUnit: "binary", maxDepth: 4 }), text);
const attributes = fc.dictionary(
  fc.oneof(
    { arbitrary: fc.string(), weight: 4 },
    {
      arbitrary: fc.constantFrom("tracekeeper.cut", "tracekeeper.output", "elided", "totalSpans", "__proto__"),
      weight: 1,
    },
  ),
  fc.oneof(payload, fc.constantFrom<unknown>({ output: 12_345 }, { output: "x" }, true, 7)),
  { maxKeys: 4 },
);
const usual = {
  spanId: id,
  parentSpanId: fc.option(id),
  name: fc.oneof(
    { arbitrary: fc.constantFrom("bash", "read", "", "elided-1-2-of-30", "elided-x"), weight: 3 },
    { arbitrary: text, weight: 1 },
  ),
  kind: fc.constantFrom(...spanKinds),
  startTime: time,
  endTime: time,
  status: fc.constantFrom("ok", "error"),
  statusMessage: text,
  interrupted: fc.boolean(),
  model: fc.record({ modelId: text, providerId: text, other: payload }, { requiredKeys: [] }),
  finishReason: fc.constantFrom("stop", "length"),
  tokens: fc.record({ input: fc.nat(), output: fc.nat(), total: fc.nat(), other: payload }, { requiredKeys: [] }),
  cost: fc.double({ noNaN: true, noDefaultInfinity: true }),
  tool: fc.record({ callId: text, durationMs: fc.nat(), other: payload }, { requiredKeys: [] }),
  input: payload,
  output: payload,
  attributes,
  events: fc.array(fc.record({ name: text, timeMs: fc.nat() }), { maxLength: 2 }),
  links: fc.array(fc.record({ spanId: text }), { maxLength: 2 }),
  unknown: payload,
};
const required = ["spanId", "parentSpanId", "name", "kind", "startTime", "status"] as const;
const soundSpan = fc.record(usual, { requiredKeys: [...required] });

/** What stands in a field that it does not fit. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    "12",
    "1e3",
    "2026-11-20T08:00:00.000Z",
    "soon",
    -1,
    9e15,
    0.5,
    true,
    false,
    [],
    {},
  ),
  fc.constantFrom<unknown>({ modelId: 5 }, { input: "7" }, { total: null }, { callId: 4, durationMs: "3" }, [
    { name: "e" },
  ]),
  payload,
);
const oddField = fc.tuple(
  fc.constantFrom(...(Object.keys(usual) as (keyof typeof usual)[])),
  fc.oneof(odd, fc.constant(undefined)),
);
const span = fc.oneof(
  { arbitrary: soundSpan.map((fields) => Object.entries(fields) as [string, unknown][]), weight: 6 },
  {
    arbitrary: fc
      .tuple(soundSpan, fc.array(oddField, { minLength: 1, maxLength: 2 }))
      .map(([fields, odds]) =>
        Object.entries({ ...fields, ...Object.fromEntries(odds) } as Record<string, unknown>).filter(
          ([, value]) => value !== undefined,
        ),
      ),
    weight: 3,
  },
  {
    // Keys that are there twice, of which the last counts.
    arbitrary: fc
      .tuple(soundSpan, fc.array(oddField, { minLength: 1, maxLength: 4 }))
      .map(([fields, odds]) => [...odds.filter(([, value]) => value !== undefined), ...Object.entries(fields)]),
    weight: 2,
  },
  { arbitrary: fc.constant<[string, unknown][]>([]), weight: 1 },
);

/** In any order: of a key that is there twice, whichever comes last counts. */
const shuffled = (entries: readonly (readonly [string, unknown])[], random: () => number) =>
  new Entries(
    entries
      .map((entry) => ({ entry, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ entry }) => entry),
  );

const documentParts = fc.record({
  spans: fc.array(span, { maxLength: 12 }),
  otherSpans: fc.option(fc.array(span, { maxLength: 3 }), { freq: 8 }),
  head: fc.dictionary(
    fc.constantFrom("version", "traceId", "metadata", "summary", "writer", "x", "__proto__"),
    payload,
  ),
  seed: fc.integer(),
  whiteSpace: fc.constantFrom(0, 100, 600),
  escapes: fc.constantFrom(0, 30, 900),
});

const documentText = documentParts.map(({ spans, otherSpans, head, seed, whiteSpace, escapes }) => {
  const random = randomSource(seed);
  const lists = [spans, ...(otherSpans === null ? [] : [otherSpans])];
  const fields: [string, unknown][] = [
    ...lists.map((list): [string, unknown] => ["spans", list.map((entries) => shuffled(entries, random))]),
    ...Object.entries(head),
  ];
  return writeJson(shuffled(fields, random), { seed, whiteSpace, escapes });
});

const cutting = fc.record({
  windowBytes: fc.constantFrom(1, 16, 50, 400, 10_000),
  mostChunkBytes: fc.constantFrom(1, 7, 100, 5000),
  seed: fc.integer(),
});

describe("a scan of a sound trace", () => {
  it("gives what reading the whole file gives, in whatever way it is written and cut into chunks", () => {
    fc.assert(
      fc.property(documentText, cutting, (document, cut) => {
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
      fc.property(documentText, change, cutting, (document, { at, byte, type }, cut) => {
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
