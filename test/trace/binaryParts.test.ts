import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Text, decodeBase64 } from "../../src/trace/base64";
import { FoldedText, foldText, foldValue } from "../../src/trace/binaryParts";
import { images } from "./imageSamples";

const png = images.png.toString("base64");
/** Letters that are surely data: more than a thousand of them. */
const long = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 37 + 11) % 251)).toString("base64");

describe("decodeBase64", () => {
  it("gives any range of the bytes, in either alphabet, line breaks or not", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const forms = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.replace(/=+$/, ""),
      (text) => text.replaceAll("+", "-").replaceAll("/", "_"),
      (text) => text.replace(/.{1,7}/g, "$&\r\n"),
    );
    fc.assert(
      fc.property(bytes, forms, fc.nat(220), fc.nat(220), (content, write, from, length) => {
        const text = write(Buffer.from(content).toString("base64"));
        const source = base64Text(`>${text}<`, 1, 1 + text.length);
        if (content.length === 0) return source === undefined;
        if (source === undefined) throw new Error(`Not read: ${text}`);
        expect(source.byteLength).toBe(content.length);
        expect([...decodeBase64(source, from, length)]).toEqual([...content.slice(from, from + length)]);
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives arrays of exactly their size", () => {
    const source = base64Text(long, 0, long.length);
    if (source === undefined) throw new Error("Not read");
    const part = decodeBase64(source, 2_990, 100);
    expect([part.length, part.buffer.byteLength]).toEqual([10, 10]);
  });

  it.each(["", "====", "ab c", "é", "[]"])("refuses %j", (text) => {
    expect(base64Text(text, 0, text.length)).toBeUndefined();
  });
});

describe("foldText", () => {
  it("folds data URIs wherever they stand, and leaves the words around them", () => {
    const { text, parts } = foldText(`Look: ![x](data:image/png;base64,${png}) and data:text/plain,hi`);
    expect(text).toBe(`Look: ![x](⟨image/png, ${images.png.length} B⟩) and data:text/plain,hi`);
    expect(parts.map(({ image }) => image)).toEqual([{ mediaType: "image/png", width: 3, height: 2 }]);
  });

  it("believes the bytes before it believes the name", () => {
    const { text, parts } = foldText(`data:image/png;base64,${images.gif.toString("base64")}`);
    expect(text).toBe(`⟨image/gif, ${images.gif.length} B⟩`);
    expect(parts[0]?.image?.mediaType).toBe("image/gif");
    const svg = Buffer.from("<svg onload='alert(1)'/>").toString("base64");
    expect(foldText(`data:image/svg+xml;base64,${svg}`)).toMatchObject({
      text: "⟨image/svg+xml, 24 B⟩",
      parts: [{ mediaType: "image/svg+xml" }],
    });
    expect(foldText(`data:image/svg+xml;base64,${svg}`).parts[0]).not.toHaveProperty("image");
  });

  it("folds long runs of letters that nothing names", () => {
    expect(foldText(`before ${long} behind`).text).toBe("before ⟨base64, 2.9 KB⟩ behind");
    expect(foldText(`{"a":"${long}"}{"b":"${long}"}`).parts).toHaveLength(2);
  });

  it.each([
    ["short letters", "aGVsbG8gd29ybGQ="],
    ["a line drawn with one letter", "=".repeat(5_000)],
    ["one letter many times", "a".repeat(5_000)],
    ["hexadecimal digits", "0123456789abcdef".repeat(500)],
    ["words without spaces in lower case", "loremipsumdolor".repeat(300)],
    ["a path of many parts", "/src/Part1/x.ts".repeat(300)],
    ["text that only mentions the mark", "what ;base64, means"],
  ])("leaves %s alone", (_name, text) => {
    expect(foldText(text)).toEqual({ text, parts: [] });
  });

  it("keeps every character that is not data, whatever stands around it", () => {
    const words = fc.array(
      fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom(" ", "\n", ";base64,", "data:", "=")),
    );
    fc.assert(
      fc.property(words, words, (before, behind) => {
        const head = `${before.join("")} `;
        const tail = ` ${behind.join("")}`;
        const { text, parts } = foldText(`${head}data:image/png;base64,${png}${tail}`);
        const own = parts.filter(({ image }) => image?.width === 3);
        expect(own).toHaveLength(1);
        expect(text).toContain(`⟨image/png, ${images.png.length} B⟩`);
        if (parts.length === 1) expect(text).toBe(`${head}⟨image/png, ${images.png.length} B⟩${tail}`);
      }),
      { numRuns: 500 },
    );
  });

  it("looks at a text of 20 MB only once", () => {
    const text = "a1B".repeat(341).concat(" ").repeat(20_000);
    expect(foldText(text).parts).toEqual([]);
    const data = "a1B2".repeat(5_000_000);
    expect(foldText(data).text).toBe("⟨base64, 14 MB⟩");
  });
});

describe("foldValue", () => {
  const shapes: [name: string, value: unknown][] = [
    ["of Anthropic", { type: "image", source: { type: "base64", media_type: "image/png", data: png } }],
    ["of OpenAI", { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } }],
    ["of OpenAI's responses", { type: "input_image", image_url: `data:image/png;base64,${png}` }],
    ["of the AI SDK", { type: "file", mediaType: "image/png", data: png }],
    ["of older AI SDKs", { type: "image", image: png }],
    ["of MCP", { type: "image", data: png, mimeType: "image/png" }],
    ["of Gemini", { inlineData: { mimeType: "image/png", data: png } }],
    ["of an image generator", { data: [{ b64_json: png }] }],
    ["of a notebook", { data: { "image/png": `${png.replace(/.{1,20}/g, "$&\n")}`, "text/plain": "<Figure>" } }],
  ];
  it.each(shapes)("finds the image %s", (_name, value) => {
    const before = JSON.stringify(value);
    const { value: folded, parts } = foldValue([{ role: "user", content: [value] }]);
    expect(parts.map(({ image, source }) => [image?.mediaType, source.byteLength])).toEqual([
      ["image/png", images.png.length],
    ]);
    const label = `⟨image/png, ${images.png.length} B⟩`;
    expect(JSON.stringify(folded)).toContain(JSON.stringify(label));
    expect(JSON.stringify(folded)).not.toContain(png.slice(0, 40));
    expect(JSON.stringify(value)).toBe(before);
    const [part] = parts;
    if (part === undefined) throw new Error("No part");
    expect(Buffer.from(decodeBase64(part.source, 0, 1_000))).toEqual(images.png);
  });

  it("tells where each part is, and shares what holds none", () => {
    const value = { a: { big: 1 }, b: [0, { data: png, mimeType: "image/png", filename: "plot.png" }], c: png };
    const { value: folded, parts } = foldValue(value);
    expect(parts.map(({ path, name }) => [path, name])).toEqual([
      [[1, 1, 0], "plot.png"],
      [[2], undefined],
    ]);
    expect((folded as typeof value).a).toBe(value.a);
    expect(Object.keys(folded as object)).toEqual(["a", "b", "c"]);
    expect((folded as { c: unknown }).c).toBeInstanceOf(FoldedText);
  });

  it("folds sounds and files, which are not drawn", () => {
    const wav = Buffer.from("fLaC and so on, and more..").toString("base64");
    const value = [
      { type: "input_audio", input_audio: { data: wav, format: "wav" } },
      { type: "file", mediaType: "application/pdf", data: wav, filename: "a.pdf" },
    ];
    const { value: folded, parts } = foldValue(value);
    expect(parts.map(({ mediaType, image }) => [mediaType, image])).toEqual([
      ["audio/wav", undefined],
      ["application/pdf", undefined],
    ]);
    expect(JSON.stringify(folded)).toContain("⟨application/pdf, 26 B⟩");
  });

  it.each([
    ["a text beside a media type", { mimeType: "text/plain", data: "aGVsbG8gd29ybGQhISEh" }],
    ["a remote address", { type: "image_url", image_url: { url: "https://example.com/a.png" } }],
    ["a word that is all letters", { data: "internationalization1234", mimeType: "nothing" }],
    ["an own __proto__", JSON.parse('{"__proto__": {"data": "x"}, "a": 1}')],
  ])("leaves %s as it is", (_name, value) => {
    expect(foldValue(value)).toEqual({ value, parts: [] });
    expect(foldValue(value).value).toBe(value);
  });

  it("changes nothing but data in any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(foldValue(value).value).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
    let deep: unknown = { data: png, mimeType: "image/png" };
    for (let level = 0; level < 50_000; level++) deep = [deep];
    expect(foldValue(deep).parts[0]?.path).toHaveLength(50_001);
  });
});
