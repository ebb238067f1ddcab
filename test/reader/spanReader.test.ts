import { describe, expect, it } from "vitest";
import { SpanReader } from "../../src/reader/spanReader";
import type { TraceSpan } from "../../src/trace/schema";
import { images } from "../trace/imageSamples";

function reader(parts: Partial<TraceSpan>): SpanReader {
  return new SpanReader({
    spanId: "a",
    parentSpanId: null,
    name: "bash",
    kind: "tool",
    startTime: 1_000,
    status: "ok",
    ...parts,
  });
}

const data = images.png.toString("base64");

describe("SpanReader", () => {
  it("gives a text of 20 MB part by part, with how much there is", () => {
    const output = "0123456789abcde\n".repeat(1_310_720);
    const span = reader({ output });
    expect(span.details({}).output.text.length).toBe(65_536);
    let whole = "";
    while (whole.length < output.length) {
      const part = span.textPart({ field: "output" }, whole.length, 1_048_576);
      expect([part.from, part.totalLength, part.totalBytes]).toEqual([whole.length, output.length, output.length]);
      whole += part.text;
    }
    expect(whole === output).toBe(true);
  });

  it("gives texts of entries by their numbers: arguments, attributes, events, the span as a whole", () => {
    const span = reader({
      name: "x",
      input: { query: { text: "deep" } },
      attributes: { list: [1, "two"] },
      events: [{ name: "e", timeMs: 1, attributes: { a: "b" } }],
    });
    const text = (field: "input" | "attributes" | "events" | "raw", path: number[]) =>
      span.textPart({ field, path }, 0, 100).text;
    expect(text("input", [0, 0])).toBe("deep");
    expect(text("attributes", [0, 1])).toBe("two");
    expect(text("attributes", [0])).toBe('[\n  1,\n  "two"\n]');
    expect(text("events", [0, 0])).toBe("b");
    expect(text("raw", [0])).toBe("a");
    expect(text("raw", [99])).toBe("");
    expect(span.nodes({ field: "attributes", path: [0] }, 0, 10)).toMatchObject({
      total: 2,
      nodes: [{ text: "1" }, { text: "two" }],
    });
  });

  it("folds data in what is shown, and gives it whole to who copies or opens", () => {
    const input = { prompt: "Look", image: { data, mimeType: "image/png" } };
    const span = reader({ name: "x", input });
    const label = `⟨image/png, ${images.png.length} B⟩`;
    for (const field of ["input", "raw"] as const) {
      expect(span.textPart({ field }, 0, 10_000).text).toContain(label);
      expect(span.textPart({ field }, 0, 10_000).text).not.toContain(data);
      expect(span.wholeText({ field }).text).toContain(data);
    }
    expect(span.textPart({ field: "input", path: [1, 0] }, 0, 10_000).text).toContain(label);
    expect(span.wholeText({ field: "input", path: [1, 0] }).text).toBe(data);
  });

  it("gives the bytes of an image in parts", () => {
    const span = reader({ output: { content: [{ type: "image", data, mimeType: "image/png" }] } });
    const { images: views } = span.details({}).output;
    expect(views).toEqual([{ mediaType: "image/png", bytes: images.png.length, width: 3, height: 2 }]);
    const parts = [0, 30].map((from) => span.imagePart("output", 0, from, 30 + from * 100));
    expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(images.png);
    expect(parts.map(({ bytes }) => bytes.buffer.byteLength)).toEqual([30, images.png.length - 30]);
    expect(() => span.imagePart("output", 1, 0, 10)).toThrow(RangeError);
    expect(() => span.imagePart("input", 0, 0, 10)).toThrow(RangeError);
  });

  it("gives the lines of each change", () => {
    const edits = [
      { old_string: "a", new_string: "b" },
      { old_string: "c", new_string: "d" },
    ];
    const span = reader({ name: "MultiEdit", input: { file_path: "src/a.ts", edits } });
    expect(span.details({}).edit?.map(({ path, added, removed }) => [path, added, removed])).toEqual([
      ["src/a.ts", 1, 1],
      ["src/a.ts", 1, 1],
    ]);
    expect(span.diffPart(1, 0, 10, false).entries).toMatchObject([
      { sign: "-", text: "c" },
      { sign: "+", text: "d" },
    ]);
    expect(() => span.diffPart(2, 0, 10, false)).toThrow(RangeError);
    expect(reader({ input: { command: "ls" } }).details({})).not.toHaveProperty("edit");
  });

  it("takes the lines of an edit from an output that quotes the file", () => {
    const input = { filePath: "src/a.ts", oldString: "x = 1", newString: "x = 2\ny = 3" };
    const output = "The file has been updated:\n    40→before\n    41→x = 2\n    42→y = 3\n    43→behind";
    expect(reader({ name: "edit", input, output }).details({}).edit?.[0]).toMatchObject({
      isNumbered: true,
      entries: [{ oldLine: 41 }, { newLine: 41 }, { newLine: 42 }],
    });
    const twice = `${output}\n    91→x = 2\n    92→y = 3`;
    expect(reader({ name: "edit", input, output: twice }).details({}).edit?.[0]?.isNumbered).toBe(false);
  });

  it("leads from a link to a place, in any text that it shows", () => {
    const span = reader({
      name: "edit",
      status: "error",
      statusMessage: "failed at src/tax.ts:41:3",
      input: { filePath: "src/new.ts", oldString: "x", newString: "y" },
      output: "see src/out.ts:3",
      attributes: { "code.file.path": "src/attr.ts" },
    });
    const target = (field: Parameters<SpanReader["linkAt"]>[0]["field"], offset: number, path: number[] = []) => {
      const found = span.linkAt({ field, path }, offset);
      return found?.type === "place" ? [found.place.path, found.place.line, found.place.find] : found?.type;
    };
    expect(target("message", 12)).toEqual(["src/tax.ts", 41, undefined]);
    expect(target("output", 5)).toEqual(["src/out.ts", 3, undefined]);
    expect(target("attributes", 0, [0])).toEqual(["src/attr.ts", undefined, undefined]);
    expect(target("diff", 0, [0])).toEqual(["src/new.ts", undefined, ["y", "x"]]);
    expect(target("diff", 0, [7])).toBeUndefined();
    expect(target("output", 0)).toBeUndefined();
    const network = reader({
      name: "edit",
      input: { filePath: "\\\\host\\share\\x.ts", oldString: "x", newString: "y" },
    });
    expect(network.linkAt({ field: "diff", path: [0] }, 0)).toBeUndefined();
    expect(network.details({}).edit?.[0]?.isLink).toBe(false);
  });

  it("shows an output without the codes of a terminal, and the span as it is", () => {
    const span = reader({ output: "\x1b[31mred\x1b[0m plain" });
    expect(span.details({}).output.text).toBe("red plain");
    expect(span.wholeText({ field: "output" }).text).toBe("red plain");
    expect(span.wholeText({ field: "raw" }).text).toContain("\\u001b[31mred");
  });
});
