import { describe, expect, it } from "vitest";
import { type ItemLine, ItemLineError } from "../../src/batch/itemLine";
import { mostItemBytes, mostItemDepth, readItemLines } from "../../src/batch/itemLines";

const nowMs = () => Date.UTC(2026, 0, 1);

/** In pieces that end at the cuts, in one buffer that is used again for each, as some readers do. */
async function* pieces(bytes: Uint8Array, cuts: readonly number[] = []): AsyncGenerator<Uint8Array> {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const shared = new Uint8Array(bytes.length);
  for (let at = 1; at < places.length; at++) {
    const piece = bytes.subarray(places[at - 1], places[at]);
    shared.set(piece);
    yield shared.subarray(0, piece.length);
    shared.fill(0x7e);
  }
}

async function read(text: string | Uint8Array, cuts?: readonly number[]): Promise<ItemLine[]> {
  const found: ItemLine[] = [];
  for await (const item of readItemLines(pieces(Buffer.from(text), cuts), nowMs)) found.push(item);
  return found;
}

async function errorOf(text: string | Uint8Array): Promise<string> {
  try {
    await read(text);
    return "none";
  } catch (error) {
    if (!(error instanceof ItemLineError)) throw error;
    return `${error.status} ${error.message}`;
  }
}

function textOf(item: ItemLine | undefined): string {
  return Buffer.from(item?.payload ?? []).toString();
}

describe("the lines of a stream", () => {
  const good = '{"index":0,"task":"t"}\n';
  it.each([
    ["no JSON", "{", "400 Line 2: The line is not JSON"],
    ["two values", '{"index":1,"task":"t"} {}', "400 Line 2: The line is not JSON"],
    ["a NUL", "\u0000", "400 Line 2: The line is not JSON"],
    ["no object", "[]", "422 Line 2: The item is missing or impossible"],
    ["no index", '{"task":"t"}', '422 Line 2: "index" is missing or impossible'],
    ["half an index", '{"index":0.5,"task":"t"}', '422 Line 2: "index" is missing or impossible'],
    ["a negative index", '{"index":-1,"task":"t"}', '422 Line 2: "index" is missing or impossible'],
    ["an index as text", '{"index":"1","task":"t"}', '422 Line 2: "index" is missing or impossible'],
    ["a huge index", '{"index":1e300,"task":"t"}', '422 Line 2: "index" is missing or impossible'],
    ["no task", '{"index":1}', '422 Line 2: "task" is missing or impossible'],
    ["an empty task", '{"index":1,"task":""}', '422 Line 2: "task" is missing or impossible'],
    ["fields of its prototype", '{"__proto__":{"index":1,"task":"t"}}', '422 Line 2: "index" is missing or impossible'],
    [
      "options of a prototype",
      '{"index":1,"task":"t","options":{"__proto__":{"maxAttempts":9},"delay":"soon"}}',
      '422 Line 2: "options.delay" is no duration, no time, or more than a year',
    ],
    [
      "too many attempts",
      '{"index":1,"task":"t","options":{"maxAttempts":1001}}',
      '422 Line 2: "options.maxAttempts" is missing or impossible',
    ],
    [
      "a delay of years",
      '{"index":1,"task":"t","options":{"delay":"99999999999999999999w"}}',
      '422 Line 2: "options.delay" is no duration, no time, or more than a year',
    ],
  ])("end at one with %s, which is named", async (_, line, message) => {
    expect(await errorOf(`${good}${line}\n${good}`)).toBe(message);
    expect(await errorOf(`${good}${line}`)).toBe(message);
  });

  it("end at one that is not UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from('{"index":0,"task":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n')]);
    expect(await errorOf(bytes)).toBe("400 Line 1: The bytes are not UTF-8");
    expect(await errorOf(Buffer.from([0xff]))).toBe("400 Line 1: The bytes are not UTF-8");
  });

  it("may be 64 levels deep, and not 65", async () => {
    const deep = (levels: number) =>
      `{"index":0,"task":"t","payload":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    expect(await errorOf(deep(mostItemDepth))).toBe("none");
    expect(await errorOf(deep(mostItemDepth + 1))).toBe("400 Line 1: The JSON has more than 64 levels");
    expect(await errorOf(deep(1_000_000))).toBe("400 Line 1: The JSON has more than 64 levels");
    const inText = JSON.stringify({ index: 0, task: "t", payload: `\\"${"[{".repeat(1_000)}` });
    expect(await errorOf(inText)).toBe("none");
  });

  it("keep keys of prototypes in payloads as the text that they are", async () => {
    const [item] = await read('{"index":0,"task":"constructor","payload":{"__proto__":{"x":1},"constructor":2}}');
    expect(item?.task).toBe("constructor");
    expect(textOf(item)).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe("a line that is too long", () => {
  const filler = (bytes: number) => "x".repeat(bytes);
  const lineOf = (head: string, sizeBytes: number) => `${head}${filler(sizeBytes - head.length - 2)}"}`;

  it("is an item that can't run, with its index and task, and harms no other", async () => {
    const long = lineOf('{"index":7,"task":"big","payload":"', mostItemBytes + 1);
    const longest = lineOf('{"index":8,"task":"fits","payload":"', mostItemBytes);
    const found = await read(`${long}\n${longest}\n{"index":9,"task":"after"}\n`, [100, 5_000, 4_000_000]);
    expect(found.map(({ line, index, task, problem }) => [line, index, task, problem?.code])).toEqual([
      [1, 7, "big", "PAYLOAD_TOO_LARGE"],
      [2, 8, "fits", undefined],
      [3, 9, "after", undefined],
    ]);
    expect(found[0]?.problem?.message).toBe("The item has 3145729 bytes, and at most 3145728 are taken");
    expect(found[0]?.payload).toBeUndefined();
  });

  it.each([
    [
      "the order of fields does not matter",
      '{"task":"b","options":{"index":1,"task":"no"},"index":12,"payload":"',
      12,
      "b",
    ],
    ["escapes count", '{"in\\u0064ex":3,"task":"a\\"b\\u00e4","payload":"', 3, 'a"bä'],
    ["what stands deeper does not count", '{"payload":{"index":5,"task":"no"},"more":["index",6],"x":"', 0, "unknown"],
    ["a text that looks like fields does not count", '{"note":"\\"index\\":5,","payload":"', 0, "unknown"],
    ["no whole number is no index", '{"index":1.5,"task":"t","payload":"', 0, "t"],
    ["a negative number is no index", '{"index":-2,"task":"t","payload":"', 0, "t"],
    ["an index that comes too late is not seen", `{"note":"${filler(480)}","task":"t","index":44,"payload":"`, 0, "t"],
    ["a task that is cut does not count", `{"index":4,"task":"${filler(600)}","payload":"`, 4, "unknown"],
    ["white space is passed over", '{ "index" : 6 ,\t"task" : "t" , "payload":"', 6, "t"],
  ])("is known by its first 512 bytes: %s", async (_, head, index, task) => {
    const [item] = await read(lineOf(head, mostItemBytes + 10));
    expect([item?.index, item?.task]).toEqual([index, task]);
  });

  it("gets the place where it stands when it tells no index", async () => {
    const long = filler(mostItemBytes + 1);
    const found = await read(`\n{"index":5,"task":"t"}\n\n${long}\n{"index":6,"task":"t"}\n${long}`);
    expect(found.map(({ index }) => index)).toEqual([5, 1, 6, 3]);
  });

  it("takes no memory for its length", async () => {
    const piece = Buffer.alloc(1024 * 1024, 0x78);
    async function* endless() {
      yield Buffer.from('{"index":2,"task":"t","payload":"');
      for (let mib = 0; mib < 512; mib++) yield piece;
    }
    const before = process.memoryUsage().arrayBuffers;
    const found: ItemLine[] = [];
    for await (const item of readItemLines(endless(), nowMs)) found.push(item);
    expect(found.map(({ index }) => index)).toEqual([2]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });
});
