import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDamagedJson } from "../../src/trace/damagedJson";
import { parseTolerant } from "../../src/trace/tolerantJson";
import { arbitrarySoundSpans, traceText } from "./arbitrarySpans";

const encode = (text: string) => new TextEncoder().encode(text);
const concat = (...parts: (string | number[] | Uint8Array)[]) =>
  Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? encode(part) : part)]));

describe("sound JSON", () => {
  const texts = [
    "0",
    "-0",
    "12.5e-3",
    "1e999",
    "123456789012345678901234567890",
    "true",
    " null ",
    '"a"',
    '""',
    "[]",
    "{}",
    "[[],{},[1,[2]]]",
    '{"a":1,"a":2}',
    '{"__proto__":{"polluted":true},"a":{"__proto__":1}}',
    '{"constructor":1,"toString":2,"":3}',
    '{"2":"b","1":"a","x":0}',
    '"\\u0041\\ud800 \\ud83d\\ude00 \\ude00\\ud83d \\b\\f\\n\\r\\t\\/\\\\\\""',
    '"grüße 漢字 😀 \ufeff"',
    "\t[\r\n1 , 2\n]\n",
    '{"version":2,"spans":[{"spanId":"a","links":[{"spanId":"b"}]},null,[],5],"spans":[]}',
  ];

  it.each(texts)("reads %s as the engine does, byte by byte too", (text) => {
    const expected: unknown = JSON.parse(text);
    expect(parseTolerant(encode(text))).toEqual({ value: expected, problems: [], truncated: false, damaged: false });
    const own = readDamagedJson(encode(text));
    expect(own).toEqual({ value: expected, problems: [], truncated: false, damaged: false });
    expect(Object.is(own.value, expected) || typeof expected === "object").toBe(true);
    expect(JSON.stringify(own.value)).toBe(JSON.stringify(expected));
  });

  it("keeps __proto__ an ordinary key", () => {
    const { value } = readDamagedJson(encode('{"__proto__":{"polluted":true}}'));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.hasOwn(value as object, "__proto__")).toBe(true);
  });

  it("accepts the mark of UTF-8", () => {
    expect(parseTolerant(concat([0xef, 0xbb, 0xbf], '{"a":1}'))).toMatchObject({ value: { a: 1 }, problems: [] });
    const damaged = parseTolerant(concat([0xef, 0xbb, 0xbf], '{"traceId":"a","spans":['));
    expect(damaged).toMatchObject({ value: { traceId: "a", spans: [] }, problems: [{ code: "truncated" }] });
  });

  it("equals JSON.parse for any value and layout, byte by byte", () => {
    const value = fc.jsonValue({ stringUnit: "binary", maxDepth: 5 });
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, "\t"), (json, indent) => {
        const text = JSON.stringify(json, undefined, indent);
        const { value: own, problems } = readDamagedJson(encode(text));
        // Lone surrogates have no UTF-8: the bytes hold U+FFFD, for both readers.
        const expected: unknown = JSON.parse(new TextDecoder().decode(encode(text)));
        expect(own).toStrictEqual(expected);
        expect(JSON.stringify(own)).toBe(JSON.stringify(expected));
        expect(problems).toEqual([]);
      }),
    );
  });

  it("takes nothing for sound that JSON.parse refuses", () => {
    const piece = fc.constantFrom(
      ...'{}[],:"\\ \n'.split(""),
      ...["0", "-", "1", ".5", "01", "e1", "tru", "true", "null", '"a"', '"a":', "\\u00", "\u0001", "\0\0", "x"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = encode(pieces.join(""));
        let expected: { value: unknown } | undefined;
        try {
          expected = { value: JSON.parse(pieces.join("")) as unknown };
        } catch {
          expected = undefined;
        }
        const { value, problems } = readDamagedJson(bytes);
        if (expected === undefined) expect(problems).not.toEqual([]);
        else expect({ value, problems }).toEqual({ ...expected, problems: [] });
      }),
      { numRuns: 2000 },
    );
  });

  it("goes 1,000,000 levels deep", () => {
    const depth = 1_000_000;
    const { value, problems } = readDamagedJson(encode("[".repeat(depth) + "]".repeat(depth)));
    let levels = 0;
    for (let at: unknown = value; Array.isArray(at); at = at[0]) levels++;
    expect(levels).toBe(depth);
    expect(problems).toEqual([]);
    expect(readDamagedJson(encode('{"a":'.repeat(depth))).truncated).toBe(true);
  });
});

/** Problems as lines, the value as JSON. */
function render(bytes: Uint8Array): string {
  const { value, problems, truncated } = parseTolerant(bytes);
  const lines = problems.map(
    ({ code, severity, offsetBytes, spanIndex, count, message }) =>
      `${severity} ${code} @${offsetBytes}${spanIndex === undefined ? "" : ` span ${spanIndex}`}${count ? ` x${count}` : ""}: ${message}`,
  );
  return [JSON.stringify(value) ?? "nothing", ...lines, ...(truncated ? ["truncated"] : [])].join("\n");
}

describe("damage", () => {
  const a = '{"spanId":"a","name":"x"}';
  const b = '{"spanId":"b","name":"y"}';
  const doc = `{"version":2,"spans":[${a},${b}],"summary":{"status":"error"}}`;
  const whole = doc;
  const flip = (find: string, replacement: string) => {
    const at = doc.indexOf(find);
    return encode(doc.slice(0, at) + replacement + doc.slice(at + find.length));
  };
  const cases: readonly [string, Uint8Array, string][] = [
    ["no byte", encode(""), "nothing\nerror empty-file @0: The file is empty\ntruncated"],
    ["white space", encode(" \n"), "nothing\nerror empty-file @0: The file holds nothing but white space\ntruncated"],
    [
      "NUL bytes only",
      new Uint8Array(4096),
      "nothing\nerror nul-bytes @0: The file ends too early: 4,096 NUL bytes from byte 0\ntruncated",
    ],
    [
      "HTML",
      encode("<!doctype html><p>"),
      "nothing\nerror not-a-trace @0: The file is not JSON but HTML or XML\ntruncated",
    ],
    [
      "gzip",
      concat([0x1f, 0x8b, 8, 0, 0]),
      "nothing\nerror not-a-trace @0: The file is not JSON but compressed with gzip\ntruncated",
    ],
    ["text", encode("hello {}"), "nothing\nerror not-a-trace @0: The file is not JSON but plain text\ntruncated"],
    [
      "an end within a number, which may have lost digits",
      encode('{"version":2,"spans":[{"spanId":"a","startTime":17951670'),
      '{"version":2,"spans":[{"spanId":"a"}]}\nerror truncated @56 span 0: The file ends too early, after 56 bytes, in the middle of a span, whose first fields are kept\ntruncated',
    ],
    [
      "an end within a payload, which is dropped, unlike metadata",
      encode('{"version":2,"metadata":{"title":"T","tags":["x"'),
      '{"version":2,"metadata":{"title":"T"}}\nerror truncated @48: The file ends too early, after 48 bytes\ntruncated',
    ],
    [
      "an end before the id of a span",
      encode(`{"version":2,"spans":[${a},{"spanId":"b`),
      `{"version":2,"spans":[${a}]}\nerror truncated @60: The file ends too early, after 60 bytes, within a span that is lost\ntruncated`,
    ],
    [
      "an end within a character, which is torn and not wrong",
      encode('{"version":2,"metadata":{"title":"é').subarray(0, -1),
      '{"version":2,"metadata":{}}\nerror truncated @35: The file ends too early, after 35 bytes\ntruncated',
    ],
    [
      "a NUL tail behind a whole document",
      concat(doc, [0, 0, 0]),
      `${whole}\nwarning nul-bytes @104: The document ends at byte 104, and 3 NUL bytes follow`,
    ],
    [
      "a hole of NUL bytes within a number",
      flip('"name":"x"},', '"cost":12\0\0\0,"name":"x"},'),
      '{"version":2,"spans":[{"spanId":"a"},{"spanId":"b","name":"y"}],"summary":{"status":"error"}}\nerror nul-bytes @45 span 0: 3 NUL bytes from byte 45, in the middle of a span, whose first fields are kept; 16 bytes skipped, reading goes on at byte 61',
    ],
    [
      "a hole of NUL bytes over the end of one span and the start of the next",
      flip('"x"},{"spanId":"b"', "\0".repeat(18)),
      `{"version":2,"spans":[{"spanId":"a"}],"summary":{"status":"error"}}\nerror nul-bytes @43 span 0: 18 NUL bytes from byte 43, in the middle of a span, whose first fields are kept; 32 bytes skipped, reading goes on at byte 75`,
    ],
    [
      "a brace that is lost",
      flip("},{", "X,{"),
      `${whole}\nwarning syntax @46 span 0: A byte that does not belong there was skipped: 1 byte at byte 46\nerror syntax @48 span 0: The file is damaged at byte 48, in the middle of a span, whose first fields are kept; reading goes on at byte 48`,
    ],
    [
      "a closing quote that is lost, so that the text runs into the next span",
      flip('x"},{', "xy},{"),
      `{"version":2,"spans":[{"spanId":"a"},${b}],"summary":{"status":"error"}}\nerror syntax @48 span 0: The file is damaged at byte 50, in the middle of a span, whose first fields are kept; reading goes on at byte 48`,
    ],
    [
      "a list that is closed too early",
      flip("},{", "}]{"),
      `${whole}\nerror syntax @48: The file is damaged at byte 48; reading goes on at byte 48`,
    ],
    [
      "a document that is closed too early",
      flip('],"summary"', ']}"summary"'),
      `${whole}\nerror syntax @75: The file is damaged at byte 75; reading goes on at byte 75`,
    ],
    [
      "a number with a letter in it",
      flip('"version":2', '"version":2x'),
      `${whole.replace('"version":2,', "")}\nwarning syntax @11: A value could not be read: 2 bytes at byte 11`,
    ],
    [
      "a missing comma",
      flip('"a",', '"a";'),
      `${whole}\nwarning syntax @35 span 0: A byte that does not belong there was skipped: 1 byte at byte 35`,
    ],
    [
      "a control character and an unknown escape in texts",
      flip('"x"', '"\u0001\\q"'),
      `${whole.replace('"x"', '"\\u0001\ufffdq"')}\nwarning syntax @44 span 0 x2: A text holds a byte that may not stand there`,
    ],
    [
      "a last part that stands there twice",
      encode(doc + doc.slice(60)),
      `${whole}\nwarning trailing-bytes @104: The document ends at byte 104, and its last 44 bytes follow once more`,
    ],
    [
      "the rest of a longer, older file",
      encode(`${doc},{"spanId":"old","name":"z"}]}`),
      `${whole}\nwarning trailing-bytes @104: The document ends at byte 104, and 30 bytes follow that do not belong to it`,
    ],
    [
      "a second document",
      encode(`${doc}\n${doc.replace('"x"', '"xy"')}`),
      `${whole}\nwarning trailing-bytes @105: The document ends at byte 104, and another document of 105 bytes follows, which is not read`,
    ],
    [
      "a first byte that is wrong",
      encode(`\u0001${doc.slice(1)}`),
      `${whole}\nwarning syntax @0: A byte that does not belong there was skipped: 1 byte at byte 0`,
    ],
    [
      "a beginning that is lost",
      encode(doc.slice(5)),
      `{"spans":[${a},${b}],"summary":{"status":"error"}}\nerror syntax @0: The file is damaged at byte 0; 8 bytes skipped, reading goes on at byte 8`,
    ],
    [
      "bytes that are not UTF-8",
      flip('"x"', '"\u00e9"').map((byte) => (byte === 0xc3 ? 0xff : byte)),
      `${whole.replace('"x"', '"\ufffd\ufffd"')}\nwarning encoding @44 x2: Bytes that are not UTF-8 are shown as the replacement character`,
    ],
    [
      "UTF-16",
      concat([0xff, 0xfe], new Uint8Array(Uint16Array.from([...'{"a":"ü"}'], (char) => char.charCodeAt(0)).buffer)),
      '{"a":"ü"}\ninfo encoding @0: The file is in UTF-16 instead of UTF-8; it was converted, and byte offsets count its text in UTF-8',
    ],
  ];
  it.each(cases)("reads around %s", (_name, bytes, expected) => {
    expect(render(bytes)).toBe(expected);
  });

  it("does not take links or a trace within a payload for spans of this trace", () => {
    const nested = { spanId: "n", name: "inner", kind: "tool" };
    const spans = [
      { spanId: "a", name: "x" },
      { spanId: "b", name: "y", output: "@", links: [{ spanId: "l", traceId: "t" }], input: { spans: [nested] } },
      { spanId: "c", name: "z" },
    ];
    const text = traceText(spans, 2);
    const { value } = parseTolerant(encode(text.replace('"@"', '"@')));
    expect((value as { spans: unknown }).spans).toEqual([spans[0], { spanId: "b", name: "y" }, spans[2]]);
    const compact = traceText(spans.map(({ input: _input, ...span }) => span));
    const read = parseTolerant(encode(compact.replace('"@"', '"@')));
    expect((read.value as { spans: unknown }).spans).toEqual([spans[0], { spanId: "b", name: "y" }, spans[2]]);
  });

  it("goes on with the spans when lost brackets have closed the document too early", () => {
    const spans = [
      { spanId: "a", name: "x", links: [{ spanId: "l", traceId: "t" }] },
      { spanId: "b", name: "y" },
      { spanId: "c", name: "z" },
    ];
    const text = traceText(spans).replace('"links":[{"spanId"', '"lixxxxxxxxspanId"');
    const { value, truncated } = parseTolerant(encode(text));
    const read = value as { spans: unknown[]; summary: unknown };
    expect(read.spans.slice(-2)).toEqual(spans.slice(1));
    expect(read.summary).toEqual({ totalTokens: 1, status: "completed" });
    expect(truncated).toBe(false);
  });

  it("learns how spans begin from the sound ones", () => {
    const spans = Array.from({ length: 4 }, (_, index) => ({
      name: "n",
      kind: "tool",
      spanId: `s${index}`,
      status: "ok",
    }));
    const text = traceText(spans).replace('"spanId":"s1"', '"spanId:"s1"');
    const { value } = parseTolerant(encode(text));
    expect((value as { spans: unknown }).spans).toEqual([spans[0], spans[2], spans[3]]);
  });

  it.each([0, 1, 2])("reads on where a list opens before span %i, and none was there", (index) => {
    const spans = ["a", "b", "c"].map((spanId) => ({ spanId, name: "n" }));
    const sound = traceText(spans, 2);
    const before = sound.indexOf(`"spanId": "${spans[index]?.spanId}"`);
    const at = sound.lastIndexOf("{", before) - 1;
    const { value, damaged } = parseTolerant(encode(`${sound.slice(0, at)}[${sound.slice(at + 1)}`));
    expect((value as { spans: unknown }).spans).toEqual(spans);
    expect(damaged).toBe(true);
  });

  it("lists a bounded number of places when the whole file is damaged", () => {
    const text = `{"version":2,"spans":[${Array.from({ length: 5000 }, (_, index) => `{"spanId":"s${index}","name":"n"`).join(",")}]}`;
    const { value, problems } = parseTolerant(encode(text));
    expect((value as { spans: unknown[] }).spans).toHaveLength(5000);
    expect(problems.length).toBeLessThanOrEqual(202);
    expect(problems.reduce((sum, { count = 1 }) => sum + count, 0)).toBeGreaterThanOrEqual(4999);
  });
});

describe("any damage", () => {
  it("never throws, whatever the bytes are", () => {
    const jsonish = fc.array(fc.constantFrom(...encode('{}[],:"\\ \n\0\0spansId1e-.é')), { maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), jsonish), (bytes) => {
        parseTolerant(Uint8Array.from(bytes));
        readDamagedJson(Uint8Array.from(bytes));
      }),
    );
  });

  it("reads from any prefix what is a prefix of the whole", () => {
    fc.assert(
      fc.property(arbitrarySoundSpans, fc.constantFrom(undefined, 2), fc.nat(), (spans, indent, cut) => {
        const bytes = encode(traceText(spans, indent));
        const whole = JSON.parse(new TextDecoder().decode(bytes)) as { spans: Record<string, unknown>[] };
        const { value, truncated } = parseTolerant(bytes.subarray(0, cut % bytes.length));
        const read = (value as { spans?: Record<string, unknown>[] } | undefined)?.spans ?? [];
        expect(truncated).toBe(true);
        expect(read.slice(0, -1)).toStrictEqual(whole.spans.slice(0, Math.max(0, read.length - 1)));
        const last = read.at(-1);
        if (last !== undefined) expect(whole.spans[read.length - 1]).toMatchObject(last);
      }),
    );
  });

  it("loses through one changed byte at most the span in which it is", () => {
    fc.assert(
      fc.property(
        arbitrarySoundSpans,
        fc.constantFrom(undefined, 2),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (spans, indent, place, byte) => {
          const bytes = encode(traceText(spans, indent));
          const whole = (JSON.parse(new TextDecoder().decode(bytes)) as { spans: unknown[] }).spans;
          const begin = new TextDecoder().decode(bytes).indexOf('"spans"') + 12;
          const end = bytes.lastIndexOf(0x5d);
          const at = begin + (place % Math.max(1, end - begin));
          bytes[at] = byte;
          const { value } = parseTolerant(bytes);
          const read = new Set((value as { spans: unknown[] }).spans.map((span) => JSON.stringify(span)));
          expect(whole.filter((span) => !read.has(JSON.stringify(span))).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});
