import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { SearchParams, SearchPart, SearchResult } from "../../src/protocol/searchMessages";
import { StaleEpochError } from "../../src/reader/answerRequest";
import type { TracePicture } from "../../src/reader/picture";
import { matchPlaces, outputMatches, searchAnswer } from "../../src/reader/searchAnswers";
import { plainSearch, type SearchOptions } from "../../src/trace/searchQuery";
import { type SpanSource, spansInMemory, TraceReplacedError } from "../../src/trace/spanSource";
import { pictureOf, spanOf } from "./pictures";

const never = new AbortController().signal;

interface Answer {
  readonly result: SearchResult;
  readonly parts: readonly SearchPart[];
  readonly rows: readonly number[];
}

async function search(
  picture: TracePicture | (() => TracePicture),
  text: string,
  options: Partial<SearchOptions> = {},
  where: Pick<SearchParams, "rows" | "nearRow"> = {},
): Promise<Answer> {
  const now = typeof picture === "function" ? picture : () => picture;
  const parts: SearchPart[] = [];
  const params = { epoch: 1, query: { ...plainSearch, ...options, text }, ...where };
  const result = await searchAnswer(params, now, never, (part) => parts.push(part as SearchPart));
  return { result, parts, rows: parts.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b) };
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
    ["an event counts", "retry", [{ events: [{ name: "retry", timeMs: 1, attributes: {} }] }], [0]],
    ["a span id counts", "id-1", [{}, {}], [1]],
    ["a text is found as it is, not as its JSON", 'say "hi"\nthen', [{ output: 'say "hi"\nthen go' }], [0]],
    ["JSON's own characters are no text", '{"a":', [{ output: { a: 1 } }], []],
    ["nothing found is an empty list", "absent", [{}, {}], []],
  ])("%s", async (_what, text, spans, rows) => {
    const picture = await pictureOf(spans.map((fields, index) => spanOf(`id-${index}`, fields)));
    expect((await search(picture, text)).rows).toEqual(rows);
  });

  it("finds a value below 100,000 levels", async () => {
    let value: unknown = "bottom";
    for (let level = 0; level < 100_000; level++) value = [value];
    const picture = await pictureOf([spanOf("a")]);
    const spans = spansInMemory([spanOf("a", { input: value })]);
    expect((await search({ ...picture, spans }, "bottom")).rows).toEqual([0]);
  });

  it("tells what it finds in parts, each row once, up to the whole of the trace", async () => {
    const spans = Array.from({ length: 30_000 }, (_, index) => spanOf(`s${index}`, { output: `${index % 3} fizz` }));
    const { rows, parts } = await search(await pictureOf(spans), "0 fizz");
    expect(rows).toEqual(Array.from({ length: 10_000 }, (_, index) => index * 3));
    expect(parts.at(-1)?.searched).toBe(1);
    expect(parts.map(({ searched }) => searched)).toEqual(parts.map(({ searched }) => searched).sort((a, b) => a - b));
  });

  it("begins where the person is", async () => {
    const spans = Array.from({ length: 300 }, (_, index) => spanOf(`s${index}`, { output: "fizz" }));
    const { parts } = await search(await pictureOf(spans), "fizz", {}, { nearRow: 200 });
    const inOrder = parts.flatMap(({ rows }) => [...rows]);
    expect(inOrder.slice(0, 2)).toEqual([200, 201]);
    expect(inOrder.at(-1)).toBe(199);
  });

  it("looks at some rows alone where it is asked for them", async () => {
    const spans = Array.from({ length: 9 }, (_, index) => spanOf(`s${index}`, { output: index < 5 ? "fizz" : "" }));
    const { rows } = await search(await pictureOf(spans), "fizz", {}, { rows: Uint32Array.of(2, 4, 6, 99) });
    expect(rows).toEqual([2, 4]);
  });

  it("says what is wrong with an expression", async () => {
    const picture = await pictureOf([spanOf("a")]);
    expect((await search(picture, "a(?=b)", { regex: true })).result).toEqual({
      fault: { code: "lookaround", at: 1, part: "(?=" },
      skipped: 0,
    });
    const query = { ...plainSearch, regex: true, text: "(" };
    expect((await outputMatches(picture, query, never)).fault?.code).toBe("unclosedGroup");
    expect(await matchPlaces({ query, texts: ["(", ""] }, never)).toEqual({ places: [[], []] });
  });

  it("tells where matches are in texts that are shown", async () => {
    const texts = ["a tax, a Tax", "", "nothing", "tax"];
    const places = async (options: Partial<SearchOptions>, text: string) =>
      (await matchPlaces({ query: { ...plainSearch, ...options, text }, texts }, never)).places;
    expect(await places({}, "tax")).toEqual([[2, 5, 9, 12], [], [], [0, 3]]);
    expect(await places({ regex: true }, "t.x$")).toEqual([[9, 12], [], [], [0, 3]]);
  });
});

describe("a search that is not wanted any more", () => {
  it("ends at the next pause, in the middle of one text, with an expression that others hang on", async () => {
    let reads = 0;
    const text = "a".repeat(4_000_000);
    const picture = await pictureOf([spanOf("a"), spanOf("b")]);
    const spans: SpanSource = {
      ...picture.spans,
      spanAt: (row) => {
        reads++;
        return spanOf(`s${row}`, { output: `${text}!` });
      },
    };
    const abort = new AbortController();
    const query = { ...plainSearch, regex: true, text: "(a+)+$" };
    let isSettled = false;
    const answer = searchAnswer(
      { epoch: 1, query },
      () => ({ ...picture, spans }),
      abort.signal,
      () => {},
    ).finally(() => {
      isSettled = true;
    });
    await setImmediate();
    expect(isSettled).toBe(false);
    abort.abort(new Error("superseded"));
    await expect(answer).rejects.toThrow("superseded");
    // The second one was never looked at.
    expect(reads).toBe(1);
  });

  it("is that of a picture whose rows have lost their numbers", async () => {
    const picture = await pictureOf(Array.from({ length: 20_000 }, (_, index) => spanOf(`s${index}`)));
    let asked = 0;
    const now = () => {
      asked++;
      if (asked > 5_000) throw new StaleEpochError("replaced");
      return picture;
    };
    await expect(search(now, "nowhere")).rejects.toThrow(StaleEpochError);
  });

  it("goes on in the file that has replaced the one that was read", async () => {
    const before = await pictureOf([spanOf("a"), spanOf("b", { output: "old" }), spanOf("c", { output: "fizz" })]);
    const after = await pictureOf([spanOf("a"), spanOf("b", { output: "fizz" }), spanOf("c", { output: "fizz" })]);
    let picture = before;
    const spans: SpanSource = {
      ...before.spans,
      spanAt(row) {
        if (row === 0) return before.spans.spanAt(row);
        picture = after;
        throw new TraceReplacedError("replaced");
      },
    };
    picture = { ...before, spans };
    expect((await search(() => picture, "fizz")).rows).toEqual([1, 2]);
  });
});
