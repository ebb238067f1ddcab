// Items of a batch from lists and files, and what is told of those that can't be read.
import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkItems, writeItems } from "../../../src/session/batch/checkItems";
import {
  type Items,
  ItemsError,
  itemsOf,
  itemsOfDocument,
  itemsOfFile,
  itemsOfText,
} from "../../../src/session/batch/items";
import { jsonValues } from "../../../src/session/batch/jsonValues";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";
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
    ["a.json", "[1, 2", /a\.json:1: no JSON: /],
    ["a.json", '[\n  {"a": 1},\n  {"a": 2,},\n  {"a": 3}\n]', /a\.json:3: no JSON: /],
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

describe("items of an editor", () => {
  it.each([
    ["a list over several lines", '[\n  {"a": 1},\n  {\n    "a": 2\n  }\n]\n', ['{"a":1}', '{"a":2}']],
    ["values a line", '{"a": 1}\n\n"b"\n3\n', ['{"a": 1}', '"b"', "3"]],
    ["values over several lines", '{\n  "a": 1\n}\n{\n  "a": 2\n}\n', ['{"a":1}', '{"a":2}']],
    [
      "lines whose breaks were lost on the way",
      '{"a": "} {"} {"a": 2} 3 "x" [4]',
      ['{"a": "} {"}', '{"a": 2}', "3", '"x"', "[4]"],
    ],
    ["values with nothing between them", '{"a":1}{"a":2}[3]', ['{"a":1}', '{"a":2}', "[3]"]],
    ["numbers of more digits than a double holds", "12345678901234567890\n1", ["12345678901234567890", "1"]],
  ])("are %s", async (_what, text, expected) => {
    const items = itemsOfDocument(text, "the editor");
    const found: string[] = [];
    for await (const { payload } of items.lines("t")) found.push(Buffer.from(payload ?? []).toString("utf8"));
    expect(found).toEqual(expected);
  });

  it.each([
    ['{"a": 1}\n{"a": }\n{"a": 3}\n', 8, 9],
    ["[\n  1,\n  tru\n]", 1, 3],
    ['"one"\n"two\n"three"\n', 1, 2],
    ["[1,,\n2]", 4, 4],
    ["1\n]\n", 1, 2],
  ])("that can't be read, as %j from line %i on, are told with line %i", (text, firstLine, line) => {
    const fault = expect.objectContaining({ line, message: expect.stringMatching(`^x.json:${line}: no JSON: `) });
    expect(() => itemsOfDocument(text, "x.json", firstLine)).toThrow(fault);
  });

  it("that were typed are told by their numbers", () => {
    const refused = (text: string) => expect(() => itemsOfDocument(text));
    refused('{"a": 1} {"b" 2}').toThrow(/^item 2: no JSON: /);
    refused("[1, 2,]").toThrow(/^the items: no JSON: /);
  });

  it("that are none at all are refused", () => {
    expect(() => itemsOfDocument(" \n", "x.json")).toThrow(/no items/);
    expect(() => itemsOfDocument("[ ]", "x.json")).toThrow(/no items/);
  });

  it("are found however the text was cut, and without an end", () => {
    const text = '[1, "a\\"]", {"b": [2, {}]}, [], tru';
    for (let length = 0; length <= text.length; length++) {
      const { places } = jsonValues(text.slice(0, length));
      expect(places.every(({ start, end }) => end > start && end <= length)).toBe(true);
    }
    expect(jsonValues(text).places.map(({ start, end }) => text.slice(start, end))).toEqual([
      "1",
      '"a\\"]"',
      '{"b": [2, {}]}',
      "[]",
      "tru",
    ]);
  });
});

describe("items that are checked for a playbook", () => {
  const path = "/home/ann/shop/resize.playbook.yaml";
  const text = `name: Resize
params: { image: {}, width: { type: number, required: false } }
steps: [{ id: resize, action: run, with: { command: "resize {image}" } }]`;
  const params = parsePlaybook(text, path).playbook?.params ?? [];
  const playbook = { path, params, folder: "/home/ann/shop" };

  it("fit, or the first one that does not is named with its line", async () => {
    const sound = itemsOfDocument('{"image": "1.png"}\n{"image": "2.png", "width": 4}', "x");
    expect(await checkItems(sound, playbook)).toEqual({
      unfitCount: 0,
      firstUnfit: undefined,
      sample: '{"image": "1.png"}',
    });
    const unsound = itemsOfDocument('{"image": "1.png"}\n\n{"image": "2.png", "width": "wide"}\n7\n{}', "x");
    expect(await checkItems(unsound, playbook)).toMatchObject({
      unfitCount: 3,
      firstUnfit: { number: 2, line: 3, message: expect.stringContaining('"width" must be a number') },
    });
  });

  it("are whatever they like where a command gets them", async () => {
    expect(await checkItems(itemsOfDocument("7 [] {}", "x"), undefined)).toMatchObject({ unfitCount: 0, sample: "7" });
  });

  it("are written a line each, for this user alone to read, and are the same batch", async () => {
    const items = itemsOfDocument('[\n  {"image": "é"},\n  2\n]', "x");
    const path = folder.join("items.ndjson");
    await writeItems(items, path);
    expect(await readFile(path, "utf8")).toBe('{"image":"é"}\n2\n');
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await itemsOfFile(path)).hash).toBe(items.hash);
    await expect(writeItems(items, path)).rejects.toThrow(/EEXIST/);
  });
});
