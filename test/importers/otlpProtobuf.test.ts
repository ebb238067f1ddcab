// Reading OTLP in protobuf: the same spans as of JSON, and every kind of broken bytes refused with its place.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OtlpFault } from "../../src/importers/otlpFault";
import { readOtlpProtobuf } from "../../src/importers/otlpProtobuf";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { hexId, sentRequest, sentSpan, traceId } from "./otlpPayload";
import { protobufOf } from "./otlpProtobufMessages";

const fixtures = resolve(import.meta.dirname, "../fixtures/otlp");

function read(request: unknown) {
  return readOtlpProtobuf(protobufOf("TraceRequest", request));
}

/** The sentence with which the whole request is refused. */
function refusalOf(bytes: Buffer): string {
  try {
    readOtlpProtobuf(bytes);
  } catch (error) {
    if (error instanceof OtlpFault) return error.sentence;
    throw error;
  }
  throw new Error("It was not refused");
}

/** A field of type 2: its tag, its length, its bytes. */
function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

const inRequest = (...spans: readonly Buffer[]) => field(1, field(2, ...spans.map((span) => field(2, span))));
const soundSpan = protobufOf("Span", sentSpan());
const place = "resourceSpans[0].scopeSpans[0].spans[0]";

describe("a request in protobuf", () => {
  it.each(["opentelemetry-proto-trace.json", "jaeger-ui-otlp-in.json", "agent-prism-rag-earnings.json"])(
    "gives the spans of %s",
    async (name) => {
      const sample = JSON.parse(await readFile(resolve(fixtures, name), "utf8")) as unknown;
      // One of them is a list of requests.
      for (const request of [lowerCaseNames(sample)].flat()) {
        const { spans } = readOtlpRequest(request);
        expect(spans.length).toBeGreaterThan(0);
        expect(read(request)).toMatchObject({ spans, faults: [], rejectedSpans: 0 });
      }
    },
  );

  it("gives the same spans as the same request in JSON, whatever is in it", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { spans, faults } = readOtlpRequest(request);
        expect(faults).toEqual([]);
        const found = read(request);
        expect(found.faults).toEqual([]);
        expect(JSON.stringify(found.spans)).toBe(JSON.stringify(spans));
        expect(found.spans).toEqual(spans);
      }),
      { numRuns: 300 },
    );
  });

  it("takes its parts in any order", () => {
    const scope = field(1, field(1, Buffer.from("late.scope")));
    const resource = field(1, field(1, field(1, Buffer.from("k")), field(2, field(1, Buffer.from("v")))));
    const bytes = field(1, field(2, field(2, soundSpan), scope), resource);
    const { spans } = readOtlpProtobuf(bytes);
    expect(spans).toMatchObject([{ origin: { scopeName: "late.scope", resource: { k: "v" } } }]);
  });

  it("keeps nanoseconds to the nearest microsecond, as JSON does", () => {
    const times = ["1795167000000000499", "1795167000000000500", "1795167000999999999", "999", "4611686018427387904"];
    for (const time of times) {
      const request = sentRequest([{ ...sentSpan(), startTimeUnixNano: time }]);
      expect(read(request).spans[0]?.startMs).toBe(readOtlpRequest(request).spans[0]?.startMs);
    }
  });

  it("passes over fields that are not known, of every type", () => {
    const unknown = [
      Buffer.from([0xf8, 0x07, 0x96, 0x01]), // field 127: 150
      Buffer.from([0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([0xfd, 0x07, 1, 2, 3, 4]),
      field(15, Buffer.from("later")),
      Buffer.from([0xfb, 0x07, 0x08, 0x01, 0xfb, 0x07, 0xfc, 0x07, 0xfc, 0x07]), // a group in a group
    ];
    const bytes = Buffer.concat([...unknown.slice(0, 3), unknown[4] as Buffer]);
    expect(readOtlpProtobuf(inRequest(Buffer.concat([bytes, soundSpan])))).toMatchObject({
      spans: readOtlpRequest(sentRequest([sentSpan()])).spans.map(({ spanId }) => ({ spanId })),
    });
    expect(readOtlpProtobuf(Buffer.concat(unknown))).toMatchObject({ spans: [], faults: [] });
  });

  it("takes an empty request for one without spans", () => {
    expect(readOtlpProtobuf(Buffer.alloc(0))).toMatchObject({ spans: [], faults: [] });
  });

  it("takes a key and a value that are left out for empty ones", () => {
    const span = Buffer.concat([soundSpan, field(9), field(9, field(2))]);
    expect(readOtlpProtobuf(inRequest(span)).spans[0]?.attributes).toEqual({ "": null });
  });

  it("keeps keys of prototypes as keys", () => {
    const span = sentSpan({ attributes: JSON.parse('{"__proto__":{"polluted":1},"constructor":1}') });
    const attributes = read(sentRequest([span])).spans[0]?.attributes ?? {};
    expect(Object.keys(attributes)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a bad span in protobuf", () => {
  const refused = (rest: Record<string, unknown>) => {
    const request = sentRequest([{ ...sentSpan(), ...rest }, sentSpan({ id: hexId(2) })]);
    const { spans, faults, rejectedSpans } = read(request);
    expect(spans.map(({ spanId }) => spanId)).toEqual([hexId(2)]);
    expect(rejectedSpans).toBe(1);
    return faults.map(({ sentence }) => sentence).join();
  };

  it("is refused alone, with the place of its fault", () => {
    expect(refused({ traceId: undefined })).toBe(`${place}.traceId is missing`);
    expect(refused({ spanId: "0000000000000000" })).toBe(`${place}.spanId must not be empty or all zeros`);
    expect(refused({ spanId: "0102" })).toBe(`${place}.spanId must have 8 bytes, not 2`);
    expect(refused({ parentSpanId: traceId })).toBe(`${place}.parentSpanId must have 8 bytes, not 16`);
    expect(refused({ startTimeUnixNano: "0" })).toBe(`${place}.startTimeUnixNano is missing`);
    expect(refused({ links: [{}, { traceId: "01" }] })).toBe(`${place}.links[1].traceId must have 16 bytes, not 1`);
  });

  it("is one whose value nests too deeply, as in JSON", () => {
    const nested = (levels: number): unknown =>
      levels === 1 ? { intValue: 1 } : { arrayValue: { values: [nested(levels - 1)] } };
    const request = (levels: number) =>
      sentRequest([{ ...sentSpan(), attributes: [{ key: "a", value: nested(levels) }] }]);
    expect(read(request(64)).spans).toHaveLength(1);
    expect(read(request(65)).faults[0]?.sentence).toBe(readOtlpRequest(request(65)).faults[0]?.sentence);
  });

  it("is one of all those whose resource or scope can't be read", () => {
    const bad = { key: "a", value: { arrayValue: { values: [deepValue(64)] } } };
    const request = {
      resourceSpans: [
        { resource: { attributes: [bad] }, scopeSpans: [{ spans: [sentSpan(), sentSpan()] }, { spans: [sentSpan()] }] },
        { scopeSpans: [{ scope: { attributes: [bad] }, spans: [sentSpan()] }, { spans: [sentSpan()] }] },
      ],
    };
    const { spans, faults, rejectedSpans } = read(request);
    const json = readOtlpRequest(request);
    expect({ count: spans.length, rejectedSpans }).toEqual({ count: 1, rejectedSpans: 4 });
    expect(faults.map(({ sentence }) => sentence)).toEqual(json.faults.map(({ sentence }) => sentence));
    expect(json.rejectedSpans).toBe(4);
  });

  it("among a thousand ends the reading", () => {
    const bytes = inRequest(...Array.from({ length: 1000 }, () => Buffer.alloc(0)));
    expect(refusalOf(bytes)).toContain("has at least 1000 faults, the first: ");
  });
});

describe("bytes that are no message", () => {
  it("are refused whole, with the place", () => {
    const spanWith = (...bytes: number[]) => inRequest(Buffer.concat([soundSpan, Buffer.from(bytes)]));
    expect(refusalOf(Buffer.from('{"resourceSpans":[]}'))).toBe(
      "The request is cut off: 114 bytes are announced and 17 are there (at byte 3)",
    );
    expect(refusalOf(spanWith(0x4a, 0x05, 0x0a))).toContain(
      `${place}.attributes[0] is cut off: 5 bytes are announced and 1 are there (at byte `,
    );
    expect(refusalOf(spanWith(0x39, 1, 2))).toContain(`${place} is cut off within a number`);
    expect(refusalOf(spanWith(0x06))).toContain("has a field without a number");
    expect(refusalOf(spanWith(0x0f))).toContain("has a field of no known type");
    expect(refusalOf(spanWith(0x14))).toContain("has the end of a group that has not begun");
    expect(refusalOf(spanWith(0x13))).toContain("ends within a group");
    expect(refusalOf(spanWith(...Array<number>(11).fill(0xff)))).toContain("has a number of more than ten bytes");
    expect(refusalOf(spanWith(0x4a, 4, 0x12, 2, 0x0a, 9))).toContain(
      `${place}.attributes[0].value is cut off: 9 bytes`,
    );
  });

  it("announce more than there is, and nothing is taken for it", () => {
    for (const length of [
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ]) {
      expect(refusalOf(Buffer.from([0x0a, ...length]))).toContain("bytes are announced and 0 are there");
    }
  });

  it("are refused before they take memory, where groups nest without end or there are millions of messages", () => {
    expect(refusalOf(Buffer.alloc(1_000_000, 0x13))).toContain("has more than 64 groups in each other");
    const events = Buffer.alloc(10_000_000).fill(Buffer.from([0x5a, 0x00]));
    expect(refusalOf(inRequest(events))).toContain("has more than 4194304 messages");
  });

  it("are read or refused, without an error of any other kind, wherever a request is cut or changed", () => {
    const whole = protobufOf("TraceRequest", sentRequest([richSpan, sentSpan({ id: hexId(2), parent: hexId(1) })]));
    const attempt = (bytes: Buffer) => {
      try {
        JSON.stringify(readOtlpProtobuf(bytes).spans);
      } catch (error) {
        expect(error).toBeInstanceOf(OtlpFault);
        expect((error as OtlpFault).sentence).not.toContain("undefined");
      }
    };
    for (let length = 0; length < whole.length; length++) {
      const bytes = whole.subarray(0, length);
      attempt(bytes);
      if (length > 0) expect(() => readOtlpProtobuf(bytes)).toThrow(OtlpFault);
    }
    for (let at = 0; at < whole.length; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff, (whole[at] ?? 0) ^ 1, (whole[at] ?? 0) ^ 8]) {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        attempt(changed);
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => attempt(Buffer.from(bytes))));
  });
});

function deepValue(levels: number): unknown {
  return levels === 1 ? { intValue: 1 } : { arrayValue: { values: [deepValue(levels - 1)] } };
}

const richSpan = {
  ...sentSpan({ attributes: { text: "ä€😀", list: [1, "two", { three: [3.5] }], flag: true, none: null } }),
  traceState: "a=b",
  droppedAttributesCount: 3,
  events: [{ timeUnixNano: "1795167000000000001", name: "exception", attributes: [] }, { name: "later" }],
  links: [{ traceId, spanId: hexId(9), attributes: [{ key: "k", value: { bytesValue: "AAEC" } }] }],
  status: { code: 2, message: "broke" },
};

const enums: Readonly<Record<string, number>> = {
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
};

/** The example of Jaeger has its names in snake_case, and enums by name. */
function lowerCaseNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCaseNames);
  if (typeof value === "string" && value in enums) return enums[value];
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      lowerCaseNames(part),
    ]),
  );
}

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const value = fc.letrec<{ any: unknown; list: unknown; map: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.oneof(fc.integer().map(String), int64) }),
    fc.record({ doubleValue: fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => double + 0) }),
    fc.record({ doubleValue: fc.constantFrom("NaN", "Infinity", "-Infinity") }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64")) }),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie("any"), { maxLength: 3 }) }) }),
    fc.record({ kvlistValue: fc.record({ values: tie("list") }) }),
  ),
  list: fc.array(fc.record({ key: fc.oneof(text, fc.constant("__proto__")), value: tie("any") }), { maxLength: 3 }),
  map: fc.constant({}),
}));
const attributes = value.list;
const hex = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .filter((bytes) => bytes.some((byte) => byte !== 0))
    .map((bytes) => Buffer.from(bytes).toString("hex"));
/** Until the year 2116: microseconds of much later ones are more than a double holds. */
const time = fc.bigInt({ min: 500n, max: 2n ** 62n }).map(String);
const count = fc.integer({ min: 0, max: 5 });
const span = fc.record(
  {
    traceId: hex(16),
    spanId: hex(8),
    traceState: text,
    parentSpanId: hex(8),
    name: text,
    kind: fc.integer({ min: 0, max: 9 }),
    startTimeUnixNano: time,
    endTimeUnixNano: fc.oneof(time, fc.constant("0")),
    attributes,
    droppedAttributesCount: count,
    events: fc.array(
      fc.record({ timeUnixNano: time, name: text, attributes, droppedAttributesCount: count }, { requiredKeys: [] }),
      { maxLength: 3 },
    ),
    droppedEventsCount: count,
    links: fc.array(
      fc.record({ traceId: hex(16), spanId: hex(8), traceState: text, attributes }, { requiredKeys: [] }),
      { maxLength: 2 },
    ),
    droppedLinksCount: count,
    status: fc.record({ code: fc.integer({ min: 0, max: 4 }), message: text }, { requiredKeys: [] }),
    flags: fc.integer({ min: 0, max: 511 }),
  },
  { requiredKeys: ["traceId", "spanId", "startTimeUnixNano"] },
);
const scope = fc.record({ name: text, version: text, attributes, droppedAttributesCount: count }, { requiredKeys: [] });
const anyRequest = fc.record({
  resourceSpans: fc.array(
    fc.record(
      {
        resource: fc.record({ attributes, droppedAttributesCount: count }, { requiredKeys: [] }),
        scopeSpans: fc.array(fc.record({ scope, spans: fc.array(span, { maxLength: 3 }) }, { requiredKeys: [] }), {
          maxLength: 2,
        }),
        schemaUrl: text,
      },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  ),
});
