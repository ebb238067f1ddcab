// Items of a batch from lists and files, and what is told of those that can't be read.
import { appendFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Items, ItemsError, itemsOf, itemsOfFile, itemsOfText } from "../../../src/session/batch/items";
import { makeTempDir, type TempDir } from "../../support/tempDir";

let folder: TempDir;

beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

async function payloads(items: Items): Promise<string[]> {
  const found: string[] = [];
  for await (const { index, payload, payloadType, task } of items.lines("t")) {
    expect({ index, payloadType, task }).toEqual({ index: found.length, payloadType: "application/json", task: "t" });
    found.push(Buffer.from(payload ?? []).toString("utf8"));
  }
  expect(found).toHaveLength(items.count);
  return found;
}

describe("items of a file", () => {
  it.each([
    ["a JSON array", "a.json", ' [1, {"a": [2]},\n"é"] ', ["1", '{"a":[2]}', '"é"']],
    ["an array after a byte order mark", "a.json", "\uFEFF[1]", ["1"]],
    ["lines", "a.ndjson", '{"a": 1}\n"b"\n', ['{"a": 1}', '"b"']],
    [
      "lines with empty ones among them, and none at the end",
      "a.jsonl",
      '\r\n{"a":1}\r\n\n  2 \n\n3',
      ['{"a":1}', "2", "3"],
    ],
    ["lines after a byte order mark", "a.ndjson", "\uFEFF1\n2\n", ["1", "2"]],
    ["lines that are lists", "a.ndjson", "[1]\n[2]\n", ["[1]", "[2]"]],
    ["lines in a file of another name", "a.txt", '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
  ])("are read as %s", async (_what, name, text, expected) => {
    const items = await itemsOfFile(await folder.write(name, text));
    expect(await payloads(items)).toEqual(expected);
    // Once more, as for a stream that has to be sent again.
    expect(await payloads(items)).toEqual(expected);
  });

  it("come whole, wherever the file is cut as it is read", async () => {
    const long = Array.from({ length: 300 }, (_, index) => JSON.stringify({ index, text: "ä".repeat(1_000 + index) }));
    const items = await itemsOfFile(await folder.write("a.ndjson", `${long.join("\n")}\n`));
    expect(await payloads(items)).toEqual(long);
  });

  it.each([
    ["a.json", "[1, 2", /a\.json: no JSON: /],
    ["a.json", "[]", /no items/],
    ["a.ndjson", "\n \n", /a\.ndjson holds no items/],
    ["a.ndjson", "1\n\n{2}\n", /a\.ndjson:3: no JSON: /],
    ["a.ndjson", "1\n".repeat(100_001), /100001 items are more than a batch can have: 100000/],
  ])("of %s that holds %j are refused", async (name, text, message) => {
    const path = await folder.write(name, text);
    await expect(itemsOfFile(path)).rejects.toThrow(ItemsError);
    await expect(itemsOfFile(path)).rejects.toThrow(message);
  });

  it("that is not there are refused", async () => {
    await expect(itemsOfFile(folder.join("none.json"))).rejects.toThrow(/The items can't be read: ENOENT/);
  });

  it("that has changed since they were counted are not handed over as if they were the same", async () => {
    const path = await folder.write("a.ndjson", "1\n");
    const items = await itemsOfFile(path);
    await appendFile(path, "2\n");
    await expect(payloads(items)).rejects.toThrow(/has grown since/);
    await writeFile(path, "");
    const none: unknown[] = [];
    for await (const line of items.lines("t")) none.push(line);
    // The engine finds that fewer came than were declared.
    expect(none).toEqual([]);
  });

  it("of which one is too large make that one a run that says so", async () => {
    const path = await folder.write("a.ndjson", `1\n"${"x".repeat(3_145_728)}"\n`);
    const found: unknown[] = [];
    for await (const { payload, problem } of (await itemsOfFile(path)).lines("t"))
      found.push(problem ?? payload?.length);
    expect(found).toEqual([
      1,
      { code: "PAYLOAD_TOO_LARGE", message: expect.stringMatching(/a\.ndjson:2\) has 3 MB, and 3 MB is the most/) },
    ]);
  });
});

describe("items of a text and of a list", () => {
  it.each([
    ["[1, 2]", ["1", "2"]],
    ['1\n"a"\n', ["1", '"a"']],
  ])("%j", async (text, expected) => {
    expect(await payloads(itemsOfText(text))).toEqual(expected);
  });

  it("have the same hash where they say the same, and another one else", async () => {
    const { hash } = itemsOf([{ a: 1 }, "b"]);
    expect(itemsOf([{ a: 1 }, "b"]).hash).toBe(hash);
    for (const other of [[{ a: 1 }], ["b", { a: 1 }], [{ a: 1 }, "b", 1], [{ a: 2 }, "b"]]) {
      expect(itemsOf(other).hash).not.toBe(hash);
    }
    expect((await itemsOfFile(await folder.write("a.ndjson", '{"a":1}\n"b"\n'))).hash).toBe(hash);
  });

  it("that can't be read are told with their lines", () => {
    expect(() => itemsOfText("1\nx\n")).toThrow(/line 2: no JSON/);
    expect(() => itemsOfText("")).toThrow(/no items/);
  });
});
