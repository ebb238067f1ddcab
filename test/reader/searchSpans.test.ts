import { describe, expect, it } from "vitest";
import { searchSpans } from "../../src/reader/searchSpans";
import { spansInMemory } from "../../src/trace/spanSource";
import { pictureOf, spanOf } from "./pictures";

const never = new AbortController().signal;

async function search(text: string, ...spans: readonly Readonly<Record<string, unknown>>[]): Promise<number[]> {
  const picture = await pictureOf(spans.map((fields, index) => spanOf(`id-${index}`, fields)));
  return [...(await searchSpans(picture, text, never))];
}

describe("search in a trace", () => {
  it.each([
    ["lower case finds any case", "tax", [{ name: "TAX" }, { name: "tax" }, { name: "toll" }], [0, 1]],
    ["an upper-case letter finds exactly that case", "Tax", [{ name: "TAX" }, { name: "Tax" }, { name: "tax" }], [1]],
    ["a text beyond ASCII follows the same rule", "größe", [{ name: "GRÖßE" }, { name: "Größe" }], [0, 1]],
    ["a key counts", "retries", [{ input: { retries: 1 } }, { input: { tries: 1 } }], [0]],
    ["a deep value counts", "deep", [{ output: { a: [{ b: [["x", { c: "so deep" }]] }] } }], [0]],
    ["a number counts as it is written", "42.5", [{ attributes: { ratio: 42.5 } }, { attributes: { ratio: 42 } }], [0]],
    ["a truth value counts", "false", [{ input: { dry: false } }, { input: { dry: true } }], [0]],
    ["an error counts", "no such", [{ status: "error", statusMessage: "No such file" }], [0]],
    ["an event counts", "retry", [{ events: [{ name: "retry", attributes: {} }] }], [0]],
    ["a span id counts", "id-1", [{}, {}], [1]],
    ["a text is found as it is, not as its JSON", 'say "hi"\nthen', [{ output: 'say "hi"\nthen go' }], [0]],
    ["JSON's own characters are no text", '{"a":', [{ output: { a: 1 } }], []],
    ["nothing found is an empty list", "absent", [{}, {}], []],
  ])("%s", async (_what, text, spans, rows) => {
    expect(await search(text, ...spans)).toEqual(rows);
  });

  it("finds a value below 100,000 levels", async () => {
    let value: unknown = "bottom";
    for (let level = 0; level < 100_000; level++) value = [value];
    const picture = await pictureOf([spanOf("a")]);
    const deep = { ...picture, spans: spansInMemory([spanOf("a", { input: value })]) };
    expect([...(await searchSpans(deep, "bottom", never))]).toEqual([0]);
  });

  it("gives rows in ascending order over several slices", async () => {
    const picture = await pictureOf(
      Array.from({ length: 1_800 }, (_, index) => spanOf(`s${index}`, { output: index % 3 === 0 ? "fizz" : "" })),
    );
    const rows = [...(await searchSpans(picture, "fizz", never))];
    expect(rows).toEqual(Array.from({ length: 600 }, (_, index) => index * 3));
  });

  it("stops when it is superseded, with the reason it was given", async () => {
    const picture = await pictureOf(Array.from({ length: 1_200 }, (_, index) => spanOf(`s${index}`)));
    const abort = new AbortController();
    const found = searchSpans(picture, "tool", abort.signal);
    abort.abort(new Error("superseded"));
    await expect(found).rejects.toThrow("superseded");
  });
});
