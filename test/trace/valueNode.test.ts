import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldValue } from "../../src/trace/binaryParts";
import { PartedText } from "../../src/trace/textPart";
import { entryNodes, shownTextLength, type ValueNode, valueAt, valueNode } from "../../src/trace/valueNode";

function outline(node: ValueNode, depth = 0): string {
  const line = `${"  ".repeat(depth)}${node.name || "-"} ${node.type}${node.isInText ? " in text" : ""} ${node.text}`;
  return [line, ...(node.children ?? []).map((child) => outline(child, depth + 1))].join("\n");
}

describe("valueNode", () => {
  it("gives the first levels with a short look at what is below", () => {
    const value = {
      model: "m",
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      stream: false,
      seed: null,
      ids: Array.from({ length: 70 }, (_, index) => index),
    };
    expect(outline(valueNode(value))).toBe(
      [
        '- object model: "m", messages: […], stream: false, seed: null, ids: […]',
        "  model text m",
        '  messages list {role: "user", …}',
        '    - object role: "user", content: […]',
        "  stream boolean false",
        "  seed null null",
        "  ids list 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, …",
      ].join("\n"),
    );
  });

  it("gives all of a value with few entries", () => {
    const value = { messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] };
    expect(outline(valueNode(value)).split("\n").at(-1)).toBe("          text text Hi");
    let deep: unknown = 1;
    for (let level = 0; level < 30; level++) deep = [deep];
    expect(outline(valueNode(deep)).split("\n")).toHaveLength(3);
  });

  it("opens a text that holds JSON like what it holds", () => {
    const value = { function: { arguments: '{"path":"a","e":[1]}' }, text: "{not json}", empty: "[]" };
    expect(outline(valueNode(value))).toBe(
      [
        `- object function: {arguments: ${JSON.stringify('{"path":"a","e').slice(0, -1)}…}, text: "{not json}", empty: "[]"`,
        `  function object arguments: ${JSON.stringify('{"path":"a","e":[1]}')}`,
        '    arguments object in text path: "a", e: […]',
        "      path text a",
        "      e list 1",
        "        - number 1",
        "  text text {not json}",
        "  empty text []",
      ].join("\n"),
    );
    expect(entryNodes(value, [0, 0], 0, 10).nodes.map(({ name, text }) => [name, text])).toEqual([
      ["path", "a"],
      ["e", "1"],
    ]);
    expect(valueAt(value, [0, 0, 1, 0])).toBe(1);
  });

  it("shows data as what it is", () => {
    const { value } = foldValue({ data: "aGVsbG8gd29ybGQhISEh", mimeType: "image/png" });
    expect(outline(valueNode(value))).toContain("  data data ⟨image/png, 15 B⟩");
  });

  it("links the places in its texts", () => {
    expect(valueNode({ file: "src/a.ts:3" }).children?.[0]?.links).toEqual([
      { start: 0, end: 10, type: "place", title: "src/a.ts:3" },
    ]);
  });

  it("cuts texts and names, and says how long the texts are", () => {
    const node = valueNode({ ["n".repeat(500)]: "x".repeat(5_000) }).children?.[0];
    expect([node?.name.length, node?.text.length, node?.totalLength]).toEqual([200, shownTextLength, 5_000]);
  });

  it("gives a bounded beginning of a value of any size and depth", () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => ({ index, text: "x".repeat(50) }));
    expect(valueNode(wide)).toMatchObject({ type: "list", count: 100_000 });
    expect(valueNode(wide).children).toBeUndefined();
    const lists = Array.from({ length: 40 }, () => Array.from({ length: 40 }, () => "x".repeat(5_000)));
    expect(JSON.stringify(valueNode(lists)).length).toBeLessThan(250_000);
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(JSON.stringify(valueNode(deep)).length).toBeLessThan(1_000);
    expect(valueAt(deep, Array<number>(1_000).fill(0))).toBeInstanceOf(Array);
  });
});

describe("entryNodes", () => {
  it("gives every entry of every value by the numbers on the way to it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 1, max: 5 }), (value, portion) => {
        const walk = (path: readonly number[], expected: unknown) => {
          const inside = valueAt(value, path);
          if (typeof inside === "string") return;
          expect(inside).toEqual(expected);
          if (typeof expected !== "object" || expected === null) return;
          const entries = Object.entries(expected);
          const nodes: ValueNode[] = [];
          while (nodes.length < entries.length) {
            const { nodes: next, total } = entryNodes(value, path, nodes.length, portion);
            expect(total).toBe(entries.length);
            expect(next.length).toBe(Math.min(portion, entries.length - nodes.length));
            nodes.push(...next);
          }
          if (!Array.isArray(expected)) {
            expect(nodes.map(({ name }) => name)).toEqual(entries.map(([name]) => name.slice(0, 200)));
          }
          for (const [index, [, child]] of entries.entries()) walk([...path, index], child);
        };
        walk([], value);
      }),
      { numRuns: 500 },
    );
  });

  it("gives nothing where a path leads nowhere", () => {
    const value = JSON.parse('{"a": {"__proto__": {"b": 1}}}');
    expect(entryNodes(value, [5], 0, 10)).toEqual({ nodes: [], total: 0 });
    expect(entryNodes(value, [0, 0, 0, 0, 0], 0, 10)).toEqual({ nodes: [], total: 0 });
    expect(entryNodes(value, [0, 0], 0, 10).nodes[0]).toMatchObject({ name: "b", text: "1" });
  });
});

describe("PartedText", () => {
  it("gives parts that make the whole, none of which cuts a character, and its bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 2, max: 30 }), (text, length) => {
        const parted = new PartedText(text);
        let whole = "";
        while (whole.length < text.length) {
          const part = parted.part(whole.length, length);
          expect(part.text.length).toBeGreaterThan(0);
          expect(/[\ud800-\udbff]$/.test(part.text) && whole.length + part.text.length < text.length).toBe(false);
          whole += part.text;
        }
        expect(whole).toBe(text);
        expect(parted.totalBytes).toBe(Buffer.byteLength(text));
      }),
    );
    expect(new PartedText("a\ud800b\udc00").totalBytes).toBe(Buffer.byteLength("a\ud800b\udc00"));
  });
});
