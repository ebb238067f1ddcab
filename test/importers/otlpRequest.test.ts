// Reading OTLP/JSON: what is understood, what is refused, and that the place of a fault is named.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OtlpFault } from "../../src/importers/otlpFault";
import { parseOtlpJson } from "../../src/importers/otlpJson";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { hexId, sentRequest, sentSpan, traceId } from "./otlpPayload";

const fixtures = resolve(import.meta.dirname, "../fixtures/otlp");
const fixture = async (name: string) => JSON.parse(await readFile(resolve(fixtures, name), "utf8")) as unknown;

function readOne(span: unknown) {
  const { spans, faults } = readOtlpRequest(sentRequest([span]));
  expect(faults).toEqual([]);
  const [only] = spans;
  if (only === undefined) throw new Error("No span was read");
  return only;
}

function attributeOf(value: unknown): unknown {
  return readOne({ ...sentSpan(), attributes: [{ key: "a", value }] }).attributes["a"];
}

/** The sentence about the only fault. */
function faultOf(request: unknown): string {
  const { faults, spans } = readOtlpRequest(request);
  expect(spans).toEqual([]);
  return faults.map(({ sentence }) => sentence).join("\n");
}

const faultOfSpan = (rest: Record<string, unknown>) => faultOf(sentRequest([{ ...sentSpan(), ...rest }]));
const span0 = "resourceSpans[0].scopeSpans[0].spans[0]";

describe("real requests", () => {
  it("reads the example of opentelemetry-proto, whose ids are in upper case", async () => {
    const { spans, faults } = readOtlpRequest(await fixture("opentelemetry-proto-trace.json"));
    expect(faults).toEqual([]);
    expect(spans).toEqual([
      expect.objectContaining({
        traceId: "5b8efff798038103d269b633813fc60c",
        spanId: "eee19b7ec3c1b174",
        parentSpanId: "eee19b7ec3c1b173",
        name: "I'm a server span",
        kind: "SERVER",
        startMs: 1_544_712_660_000,
        endMs: 1_544_712_661_000,
        attributes: { "my.span.attr": "some value" },
        origin: {
          resource: { "service.name": "my.service" },
          scopeName: "my.library",
          scopeVersion: "1.0.0",
          scopeAttributes: { "my.scope.attribute": "some scope attribute" },
        },
      }),
    ]);
  });

  it("reads base64 ids and named enums, as converters of Protocol Buffers write them", async () => {
    const requests = (await fixture("agent-prism-rag-earnings.json")) as unknown[];
    const read = requests.map(readOtlpRequest);
    expect(read.flatMap(({ faults }) => faults)).toEqual([]);
    const spans = read.flatMap(({ spans }) => spans);
    expect(spans).toHaveLength(18);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set(["b47d761fe79be88aee41342cdd527268"]));
    expect(spans.map(({ kind }) => kind)).toEqual(Array(18).fill("INTERNAL"));
    // All parents but the root's are there: the ids were read alike.
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId))).toHaveLength(1);
  });

  it("reads what a collector's test tool sends", async () => {
    const { spans, faults } = readOtlpRequest(await fixture("jaeger-ui-otlp-in.json"));
    expect(faults).toEqual([]);
    expect(spans.map(({ name, startMs, endMs }) => [name, startMs, endMs])).toEqual([
      ["okey-dokey-0", 1_706_678_909_209.712, 1_706_678_909_209.835],
      ["okey-dokey-0", 1_706_678_909_209.712, 1_706_678_909_209.835],
    ]);
  });
});

describe("times", () => {
  it.each([
    ["1795167000123456789", 1_795_167_000_123.457],
    ["1795167000123456499", 1_795_167_000_123.456],
    ["1", undefined],
    [1_795_167_000_123_456_800, 1_795_167_000_123.457],
    [1_000_000, 1],
    ["18446744073709551615", 18_446_744_073_709.55],
  ])("reads %s as %s ms", (ns, expected) => {
    if (expected === undefined) {
      expect(faultOfSpan({ startTimeUnixNano: ns })).toBe(`${span0}.startTimeUnixNano is missing`);
    } else {
      expect(readOne({ ...sentSpan(), startTimeUnixNano: ns }).startMs).toBeCloseTo(expected, 3);
    }
  });

  it("keeps every microsecond of a text", () => {
    const microseconds = fc.bigInt({ min: 1n, max: 4_000_000_000_000_000n });
    fc.assert(
      fc.property(microseconds, (us) => {
        const { startMs } = readOne({ ...sentSpan(), startTimeUnixNano: `${us}000` });
        expect(Math.round(startMs * 1000)).toBe(Number(us));
      }),
    );
  });

  it.each([undefined, null, 0, "0", ""])("takes %j for the end of a span that has not ended", (end) => {
    if (end === "") expect(faultOfSpan({ endTimeUnixNano: end })).toContain(`${span0}.endTimeUnixNano must be`);
    else expect(readOne({ ...sentSpan(), endTimeUnixNano: end }).endMs).toBeUndefined();
  });

  it.each([-5, "-5", "1.5", "soon", true, {}, Number.NaN])("refuses %j with its place", (time) => {
    expect(faultOfSpan({ startTimeUnixNano: time })).toContain(
      `${span0}.startTimeUnixNano must be nanoseconds since the epoch, not `,
    );
  });
});

describe("ids", () => {
  it("takes no parent, an empty one and one of zeros for none", () => {
    for (const parentSpanId of [undefined, null, "", "0000000000000000"]) {
      expect(readOne({ ...sentSpan(), parentSpanId }).parentSpanId).toBeUndefined();
    }
  });

  it.each(["0".repeat(32), "", "xyz", traceId.slice(1), 5])("refuses the trace id %j with its place", (id) => {
    expect(faultOfSpan({ traceId: id })).toContain(`${span0}.traceId must `);
  });

  it("says that an id is missing", () => {
    expect(faultOfSpan({ spanId: null })).toBe(`${span0}.spanId is missing`);
  });
});

describe("values", () => {
  it.each([
    [{ stringValue: "text" }, "text"],
    [{ stringValue: "" }, ""],
    [{ boolValue: false }, false],
    [{ intValue: "12" }, 12],
    [{ intValue: -3 }, -3],
    [{ intValue: "9223372036854775807" }, "9223372036854775807"],
    [{ doubleValue: 0.5 }, 0.5],
    [{ doubleValue: "0.5" }, 0.5],
    [{ doubleValue: "NaN" }, "NaN"],
    [{ doubleValue: "-Infinity" }, "-Infinity"],
    [{ bytesValue: "AAEC" }, "AAEC"],
    [{ arrayValue: {} }, []],
    [{ arrayValue: { values: [{ intValue: 1 }, {}, null, { stringValue: "b" }] } }, [1, null, null, "b"]],
    [
      { kvlistValue: { values: [{ key: "k", value: { arrayValue: { values: [{ boolValue: true }] } } }] } },
      { k: [true] },
    ],
    [{ kvlistValue: { values: [{ key: "k" }] } }, { k: null }],
    [{ string_value: "snake" }, "snake"],
    [{ stringValueStrindex: 7 }, null],
    [{}, null],
    [null, null],
  ])("reads %j as %j", (value, expected) => {
    expect(attributeOf(value)).toEqual(expected);
  });

  it.each([
    [{ stringValue: 5 }, ".stringValue must be a text, not the number 5"],
    [{ boolValue: "true" }, '.boolValue must be true or false, not the text "true"'],
    [{ intValue: 1.5 }, ".intValue must be a whole number, not the number 1.5"],
    [{ doubleValue: "many" }, '.doubleValue must be a number, not the text "many"'],
    [{ arrayValue: [1] }, ".arrayValue must be an object, not a list"],
    [{ arrayValue: { values: [{ intValue: 1 }, 2] } }, ".arrayValue.values[1] must be an object, not the number 2"],
    [{ kvlistValue: { values: [{ key: 1 }] } }, ".kvlistValue.values[0].key must be a text, not the number 1"],
    ["plain", ' must be an object, not the text "plain"'],
  ])("refuses %j and names the place", (value, rest) => {
    const sent = {
      attributes: [
        { key: "first", value: { stringValue: "x" } },
        { key: "a", value },
      ],
    };
    expect(faultOfSpan(sent)).toBe(`${span0}.attributes[1].value${rest}`);
  });

  it("takes 64 levels, and refuses the 65th with its place", () => {
    const nested = (levels: number): unknown =>
      levels === 1 ? { intValue: 1 } : { arrayValue: { values: [nested(levels - 1)] } };
    expect(JSON.stringify(attributeOf(nested(64)))).toBe(`${"[".repeat(63)}1${"]".repeat(63)}`);
    const fault = faultOfSpan({ attributes: [{ key: "a", value: nested(65) }] });
    expect(fault).toMatch(/^resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]\.attributes\[0\]\.value\.arrayValue/);
    expect(fault).toMatch(/nested deeper than 64 levels$/);
    expect(fault.length).toBeLessThan(500);
  });

  it("keeps keys of prototypes as keys", () => {
    const value = { kvlistValue: { values: [{ key: "__proto__", value: { stringValue: "x" } }] } };
    const attributes = [
      { key: "__proto__", value },
      { key: "constructor", value: { stringValue: "c" } },
    ];
    const read = readOne({ ...sentSpan(), attributes });
    expect(Object.keys(read.attributes)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(read.attributes)).toBe(Object.prototype);
    expect(JSON.stringify(mapOtlpSpan(read).span.attributes)).toContain('"__proto__":{"__proto__":"x"}');
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("whole spans", () => {
  it("says what the sender left out", () => {
    const read = readOne({
      ...sentSpan(),
      droppedAttributesCount: 3,
      droppedEventsCount: "2",
      droppedLinksCount: 0,
      events: [{ name: "e", timeUnixNano: "2000000", droppedAttributesCount: 4 }],
    });
    expect(read.attributes).toEqual({ "otel.dropped_attributes_count": 3, "otel.dropped_events_count": 2 });
    expect(read.events).toEqual([{ name: "e", timeMs: 2, attributes: { "otel.dropped_attributes_count": 4 } }]);
  });

  it("reads events, links, state and status", () => {
    const read = readOne({
      ...sentSpan(),
      traceState: "vendor=1",
      flags: 257,
      status: { code: 2, message: "it broke" },
      events: [{ name: "exception", timeUnixNano: 3_000_000 }, {}],
      links: [
        { traceId, spanId: hexId(9), attributes: [{ key: "why", value: { stringValue: "retry" } }] },
        { attributes: [], traceState: "a=b" },
      ],
    });
    expect(read).toMatchObject({ traceState: "vendor=1", isError: true, statusMessage: "it broke" });
    expect(read.events).toEqual([
      { name: "exception", timeMs: 3 },
      { name: "", timeMs: read.startMs },
    ]);
    expect(read.links).toEqual([
      { traceId, spanId: hexId(9), attributes: { why: "retry" } },
      { spanId: "", attributes: { "w3c.tracestate": "a=b" } },
    ]);
  });

  it("reads names in snake_case and passes over what it does not know", () => {
    const { spans, faults } = readOtlpRequest({
      resource_spans: [
        {
          schema_url: "x",
          resource: { attributes: [], entity_refs: [{}] },
          scope_spans: [
            {
              spans: [
                {
                  trace_id: traceId,
                  span_id: hexId(1),
                  parent_span_id: hexId(2),
                  start_time_unix_nano: "1000000",
                  end_time_unix_nano: "2000000",
                  kind: "SPAN_KIND_CLIENT",
                  status: { code: "STATUS_CODE_ERROR" },
                  futureField: { deep: [1] },
                },
              ],
            },
          ],
        },
      ],
    });
    expect(faults).toEqual([]);
    expect(spans).toEqual([
      expect.objectContaining({
        parentSpanId: hexId(2),
        startMs: 1,
        endMs: 2,
        kind: "CLIENT",
        isError: true,
        name: "",
      }),
    ]);
  });

  it("takes an unknown kind and code of a newer definition for unset", () => {
    expect(readOne({ ...sentSpan(), kind: 17, status: { code: 9 } })).toMatchObject({
      kind: "UNSPECIFIED",
      isError: false,
    });
  });

  it.each([
    [{ name: 5 }, ".name must be a text, not the number 5"],
    [{ attributes: {} }, ".attributes must be a list, not an object"],
    [{ attributes: [5] }, ".attributes[0] must be an object, not the number 5"],
    [{ events: [{ name: [] }] }, ".events[0].name must be a text, not a list"],
    [
      { events: [{ timeUnixNano: "x" }] },
      '.events[0].timeUnixNano must be nanoseconds since the epoch, not the text "x"',
    ],
    [{ links: [{ spanId: "zz" }] }, '.links[0].spanId must be 16 hex digits, not the text "zz"'],
    [{ status: [] }, ".status must be an object, not a list"],
    [{ status: { message: 5 } }, ".status.message must be a text, not the number 5"],
    [{ droppedEventsCount: -1 }, ".droppedEventsCount must be a count, not the number -1"],
    [{ kind: {} }, ".kind must be a number, not an object"],
  ])("refuses a span with %j and names the place", (rest, expected) => {
    expect(faultOfSpan(rest)).toBe(span0 + expected);
  });

  it("refuses bad spans alone, and counts those of a part that can't be read", () => {
    const good = sentSpan({ id: hexId(7) });
    const request = {
      resourceSpans: [
        ...sentRequest([good, 5, { ...good, spanId: "x" }]).resourceSpans,
        { resource: { attributes: 5 }, scopeSpans: [{ spans: [good, good] }, { spans: [good] }] },
        { scopeSpans: [{ scope: "mine", spans: [good] }, { spans: "none" }, { spans: [good] }] },
        "what",
      ],
    };
    const { spans, faults, rejectedSpans } = readOtlpRequest(request);
    expect(spans).toHaveLength(2);
    expect(rejectedSpans).toBe(2 + 3 + 1);
    expect(faults.map(({ place }) => place)).toEqual([
      "resourceSpans[0].scopeSpans[0].spans[1]",
      "resourceSpans[0].scopeSpans[0].spans[2].spanId",
      "resourceSpans[1].resource.attributes",
      "resourceSpans[2].scopeSpans[0].scope",
      "resourceSpans[2].scopeSpans[1].spans",
      "resourceSpans[3]",
    ]);
  });

  it("gives up a request with a thousand faults", () => {
    const request = sentRequest([sentSpan(), ...Array<number>(1_000).fill(5)]);
    expect(() => readOtlpRequest(request)).toThrow(OtlpFault);
    expect(() => readOtlpRequest(request)).toThrow(
      "1000 faults, the first: resourceSpans[0].scopeSpans[0].spans[1] must",
    );
  });

  it.each([5, null, [], "text"])("refuses %j as a request", (value) => {
    expect(() => readOtlpRequest(value)).toThrow(OtlpFault);
  });

  it("takes an empty request for one without spans", () => {
    expect(readOtlpRequest({})).toMatchObject({ spans: [], faults: [], rejectedSpans: 0 });
    expect(readOtlpRequest({ resourceSpans: null })).toMatchObject({ spans: [], faults: [] });
  });
});

describe("any JSON", () => {
  it("is read or refused, without an error of any other kind and without touching prototypes", () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    const names = ["resourceSpans", "scopeSpans", "spans", "attributes", "key", "value", "kvlistValue", "values"];
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 8 },
        fc.constantFrom<unknown>(
          null,
          true,
          0,
          -1,
          1.5,
          "",
          "__proto__",
          "x",
          "1795167000000000000",
          traceId,
          hexId(1),
        ),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names, "__proto__", "stringValue", "arrayValue", "name"), tie("any"), {
          maxKeys: 4,
        }),
      ),
    })).any;
    const parts = fc.record(
      Object.fromEntries(Object.keys(sentSpan()).map((name) => [name, json])) as Record<string, fc.Arbitrary<unknown>>,
      { requiredKeys: [] },
    );
    const request = fc.oneof(
      json,
      parts.map((part) =>
        sentRequest([
          { ...sentSpan(), ...part, events: [part], links: [part] },
          { ...sentSpan(), ...part },
        ]),
      ),
    );
    fc.assert(
      fc.property(request, (value) => {
        try {
          for (const span of readOtlpRequest(value).spans) JSON.stringify(mapOtlpSpan(span));
        } catch (error) {
          expect(error).toBeInstanceOf(OtlpFault);
        }
      }),
      { numRuns: 500 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
  });
});

describe("bytes that anybody may send", () => {
  const parse = (text: string) => parseOtlpJson(Buffer.from(text));
  const long = (text: string) => text + " ".repeat(300_000);

  it("are read as UTF-8, with a mark of the byte order too", () => {
    expect(parse('\ufeff{"a":"ü"}')).toEqual({ a: "ü" });
    expect(parse(long('{"a":["\\"[[[{{{\\\\"]}'))).toEqual({ a: ['"[[[{{{\\'] });
    const texts = [0, 30, 31, 32, 33, 100].map((length) => `${"x".repeat(length)}\\"[`.repeat(300));
    expect(parse(long(JSON.stringify(texts)))).toEqual(texts);
  });

  it.each(["", "{", "nonsense", '{"a":1}x'])("are refused where they are no JSON: %j", (text) => {
    expect(() => parse(text)).toThrow(OtlpFault);
  });

  it("are refused before they take memory, where lists nest without end or there are millions of them", () => {
    expect(() => parse(long("[".repeat(1_000)))).toThrow("nested deeper than 268 levels");
    expect(() => parse(`[${"{},".repeat(4_200_000)}{}]`)).toThrow("more than 4194304 objects and lists");
  });

  it("may be nested as deeply as a value of 64 levels takes in an event", () => {
    const nested = (levels: number): unknown =>
      levels === 1 ? { intValue: 1 } : { kvlistValue: { values: [{ key: "k", value: nested(levels - 1) }] } };
    const attributes = [{ key: "a", value: nested(64) }];
    const request = sentRequest([{ ...sentSpan(), events: [{ attributes }] }]);
    const { faults, spans } = readOtlpRequest(parse(long(JSON.stringify(request))));
    expect(faults).toEqual([]);
    expect(spans).toHaveLength(1);
  });
});
