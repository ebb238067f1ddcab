// Random records and queries that meet: texts of few characters, each of which means something in JSON, in words or in case,
// in all places that are searched; and queries that are made of parts of what the spans hold in the end.

import fc from "fast-check";
import { queryMatcher } from "../../src/reader/searchMatcher";
import { PatternFaultError } from "../../src/reader/searchPattern";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { spanKinds, type TraceSpan } from "../../src/trace/schema";
import type { SearchQuery } from "../../src/trace/searchQuery";
import type { SpanSource } from "../../src/trace/spanSource";
import { arbitraryRecords } from "../trace/arbitraryRecords";

// Few characters, so that nearly everything is nearly a match, and each of them means something in JSON or in words.
const unit = fc.constantFrom(
  ...'a b n u 0 4 1 e t _ / \\ " \n - é s ſ k K i İ σ ς ß 😀 \ud83d \ude00'.split(" "),
  " ",
  "\n",
);
const text = fc.array(unit, { maxLength: 5 }).map((units) => units.join(""));
const number = fc.constantFrom(0.1, 1e21, 1e-7, 4, 40, 410, 1e3, 2 ** 60);
const fields = fc.dictionary(fc.oneof(text, fc.constant("spanId")), fc.oneof(text, number, fc.constant(null)), {
  maxKeys: 2,
});
const value = fc.oneof(text, text, fc.array(fc.oneof(text, number, fc.boolean()), { maxLength: 3 }), fields, number);
const event = fc.record({ name: text, timeMs: fc.constantFrom(1_000_004, 1_000_040), attributes: fields });
const spanParts = fc.record(
  {
    input: value,
    output: value,
    statusMessage: fc.oneof(
      { arbitrary: text, weight: 8 },
      { arbitrary: fc.constantFrom<unknown>(null, 4), weight: 1 },
    ),
    attributes: fields,
    events: fc.array(event, { maxLength: 2 }),
    endTime: fc.constantFrom(1_000_050, 1_000_060),
    kind: fc.oneof({ arbitrary: fc.constantFrom<string>(...spanKinds), weight: 9 }, { arbitrary: text, weight: 1 }),
  },
  { requiredKeys: [] },
);
const id = fc.constantFrom("s0", "s1", "s2", "s3", "s4", "é😀", "root");

const textRecord = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(id, spanParts).map(([spanId, parts]) => begun(spanId, parts)) },
  { weight: 2, arbitrary: fc.tuple(id, spanParts).map(([spanId, parts]) => ({ ...begun(spanId, parts), t: "span" })) },
  { weight: 4, arbitrary: fc.record({ t: fc.constant("end"), id, set: spanParts }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant("set"), id, set: spanParts }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant("attributes"), id, attributes: fields }) },
  { weight: 6, arbitrary: fc.record({ t: fc.constant("text"), id, text }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant("event"), id, event }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant("event"), id, event: fc.record({ name: text }) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ t: "waiting", reason: "bée" }, { t: "crash", reason: "tea" }, { t: "resumed" }),
  },
) as fc.Arbitrary<JournalRecord>;

function begun(spanId: string, parts: object): object {
  return { t: "begin", span: { spanId, parentSpanId: null, name: "", kind: "tool", status: "ok", ...parts } };
}

/** Records of which spans are made that hold such texts, and others. */
export const searchedRecords = fc
  .tuple(fc.array(textRecord, { maxLength: 25, size: "max" }), arbitraryRecords)
  .chain(([own, others]) => fc.constantFrom([...own, ...others], own, [...others, ...own]));

interface Picking {
  readonly text: number;
  readonly from: number;
  readonly length: number;
  readonly own: string;
  readonly isOwn: boolean;
}
const picking: fc.Arbitrary<Picking> = fc.record({
  text: fc.nat(),
  from: fc.nat(),
  length: fc.integer({ min: 1, max: 9 }),
  own: fc.oneof(
    fc.array(unit, { minLength: 1, maxLength: 3 }).map((units) => units.join("")),
    fc.constantFrom(..."true null status spanId tool tracekeeper. missing 1000 timeMs incarnation line".split(" ")),
  ),
  isOwn: fc.boolean(),
});

function textsOf(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}

function textsOfSpan({ spanId, statusMessage, input, output, attributes, events }: TraceSpan): string[] {
  return [spanId, statusMessage, input, output, attributes, events].flatMap(textsOf).filter((one) => one !== "");
}

/** A part of a text of the spans, or one of the test's own. */
function pick(spans: SpanSource, { text: which, from, length, own, isOwn }: Picking): string {
  if (isOwn) return own;
  const texts: string[] = [];
  for (let row = 0; row < spans.count; row++) {
    const span = spans.spanAt(row);
    if (span !== undefined) texts.push(...textsOfSpan(span));
  }
  const whole = texts[which % Math.max(1, texts.length)];
  return whole === undefined ? own : whole.slice(from % whole.length, (from % whole.length) + length);
}

/** What is searched, and in which pieces. */
export const asked = fc.record({
  picked: picking,
  matchCase: fc.boolean(),
  wholeWord: fc.boolean(),
  /** What stands around the text in an expression; a plain text for "". */
  shape: fc.constantFrom("", "", "", "(?:%)", "%|zz", "%.", "[^x]%", "^%", "%$", "\\w+"),
  sizes: fc.record({ blockBytes: fc.constantFrom(1, 300, 1 << 20), windowBytes: fc.constantFrom(3, 20, 1 << 16) }),
  recordBytes: fc.constantFrom(1, 40, 200, 1_000, undefined),
  nearRow: fc.nat({ max: 8 }),
});
export type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

/** Undefined for what nobody can search for. */
export function queryOf(spans: SpanSource, { picked, matchCase, wholeWord, shape }: Asked): SearchQuery | undefined {
  const own = pick(spans, picked);
  if (shape === "") return { text: own, matchCase, wholeWord, regex: false };
  if (/\p{Surrogate}/u.test(own) || own === "") return undefined;
  const literal = own.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
  const query = { text: shape.replace("%", () => literal), matchCase, wholeWord, regex: true };
  try {
    queryMatcher(query);
    return query;
  } catch (error) {
    if (error instanceof PatternFaultError) return undefined;
    throw error;
  }
}
