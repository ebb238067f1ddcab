// Random trace files as text: sound spans and odd ones, keys in any order and twice, written in every way that JSON allows.

import fc from "fast-check";
import { spanKinds } from "../../src/trace/schema";
import { Entries, randomSource, writeJson } from "./scanWriter";

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
      arbitrary: fc.constantFrom(
        "tracekeeper.cut",
        "tracekeeper.output",
        "tracekeeper.skipped",
        "elided",
        "totalSpans",
        "__proto__",
      ),
      weight: 1,
    },
    {
      arbitrary: fc.constantFrom("gen_ai.tool.name", "tool.name", "gen_ai.response.model", "llm.model_name"),
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
/** Events and links have to be looked at; most spans have neither, and take the scanner's own way. */
const { events: _events, links: _links, ...withoutLists } = usual;
const soundSpan = fc.oneof(
  { arbitrary: fc.record(withoutLists, { requiredKeys: [...required] }), weight: 4 },
  { arbitrary: fc.record(usual, { requiredKeys: [...required] }), weight: 1 },
);

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
    fc.constantFrom(
      ...["version", "traceId", "sessionId", "startedAt", "endedAt", "metadata", "summary", "writer", "x", "__proto__"],
    ),
    fc.oneof(
      payload,
      fc.constantFrom<unknown>(
        { instance: "w", incarnation: 1, seq: 0, offsetBytes: 0 },
        { status: "error", error: "no", totalTokens: "12", totalCost: 0 },
        { title: "t", tags: [1], prompt: null },
        1_795_167_000_123,
        3,
      ),
    ),
  ),
  seed: fc.integer(),
  whiteSpace: fc.constantFrom(0, 100, 600),
  escapes: fc.constantFrom(0, 30, 900),
  exponents: fc.constantFrom(0, 0, 500),
});

/** The text of a trace file that every parser must read. */
export const arbitraryDocument = documentParts.map(({ spans, otherSpans, head, ...options }) => {
  const random = randomSource(options.seed);
  const lists = [spans, ...(otherSpans === null ? [] : [otherSpans])];
  const fields: [string, unknown][] = [
    ...lists.map((list): [string, unknown] => ["spans", list.map((entries) => shuffled(entries, random))]),
    ...Object.entries(head),
  ];
  return writeJson(shuffled(fields, random), options);
});
