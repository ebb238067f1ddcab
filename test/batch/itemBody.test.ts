// The body of the second phase: from bytes in any pieces to items, or to a refusal that names the line.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BodyLine, readBodyLines } from "../../src/batch/bodyLines";
import { parseDelay } from "../../src/batch/itemDelay";
import { readItemHead } from "../../src/batch/itemHead";
import type { ItemLine, ItemLineError } from "../../src/batch/itemLine";
import { mostItemBytes, mostItemDepth, readItemLines } from "../../src/batch/itemLines";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const nowMs = Date.UTC(2026, 0, 1);

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  // The same memory again for each piece, as a socket may do.
  const memory = new Uint8Array(bytes.length);
  let from = 0;
  for (let turn = 0; from < bytes.length; turn++) {
    const piece = bytes.subarray(from, from + (sizes[turn % sizes.length] ?? bytes.length));
    memory.set(piece);
    yield memory.subarray(0, piece.length);
    memory.fill(0);
    from += piece.length;
  }
}

async function linesOf(text: string, mostBytes = 100, sizes: readonly number[] = [1_000_000]): Promise<string[]> {
  const lines: string[] = [];
  const told = ({ line, bytes, sizeBytes, isTooLong }: BodyLine) =>
    `${line} ${isTooLong ? `too long ${sizeBytes} ` : ""}${textOf(bytes)}`;
  for await (const line of readBodyLines(pieces(bytesOf(text), sizes), mostBytes, 20)) lines.push(told(line));
  return lines;
}

async function read(body: string | Uint8Array, sizes: readonly number[] = [1_000_000]): Promise<ItemLine[]> {
  const items: ItemLine[] = [];
  const bytes = typeof body === "string" ? bytesOf(body) : body;
  for await (const item of readItemLines(pieces(bytes, sizes), () => nowMs)) items.push(item);
  return items;
}

async function refusal(line: string | Uint8Array): Promise<string> {
  try {
    await read(line);
    return "taken";
  } catch (error) {
    const { status, message } = error as ItemLineError;
    return `${status} ${message}`;
  }
}

describe("lines", () => {
  it("are cut at line feeds, and the last one need not have one", async () => {
    expect(await linesOf("a\n\nb\r\nc")).toEqual(["1 a", "2 ", "3 b\r", "4 c"]);
    expect(await linesOf("a\n")).toEqual(["1 a"]);
    expect(await linesOf("")).toEqual([]);
  });

  it("are the same whatever the pieces are in which they come, also within a character", async () => {
    const line = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replaceAll("\n", "·"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (lines, sizes, isTerminated) => {
          const text = lines.join("\n") + (isTerminated ? "\n" : "");
          expect(await linesOf(text, 40, sizes)).toEqual(await linesOf(text, 40));
        },
      ),
    );
  });

  it("that are too long are told with their beginning, and the next line is sound", async () => {
    const long = "x".repeat(700);
    const cut = `too long 700 ${long.slice(0, 20)}`;
    for (const size of [13, 600, 10_000]) {
      expect(await linesOf(`${long}\nshort\n${long}`, 600, [size])).toEqual([`1 ${cut}`, "2 short", `3 ${cut}`]);
    }
    expect(await linesOf("x".repeat(100))).toEqual([`1 ${"x".repeat(100)}`]);
  });

  it("take no more memory for coming in tiny pieces", async () => {
    const count = 400_000;
    async function* tiny() {
      const piece = new Uint8Array([0x78]);
      for (let index = 0; index < count; index++) yield piece;
    }
    globalThis.gc?.();
    const before = process.memoryUsage();
    let held = 0;
    for await (const { sizeBytes } of readBodyLines(tiny(), 2 * count, 20)) {
      const now = process.memoryUsage();
      held = now.arrayBuffers - before.arrayBuffers;
      expect(sizeBytes).toBe(count);
    }
    // Twice the line where it was copied last; an array for each byte would take 80 times that.
    expect(held).toBeLessThan(4 * count);
  });

  it("are asked for one at a time, so that a slow reader slows the sender down", async () => {
    let sent = 0;
    const body = (async function* () {
      for (; sent < 1_000; sent++) yield bytesOf(`${sent}\n`);
    })();
    const lines = readBodyLines(body, 100, 20);
    await lines.next();
    await lines.next();
    expect(sent).toBeLessThan(4);
    await lines.return(undefined);
  });
});

describe("an item", () => {
  it("is taken as the SDK sends it", async () => {
    const sent =
      '{"index":3,"task":"my-task","payload":"{\\"json\\":{\\"a\\":1}}","options":{"payloadType":"application/super+json","payloadSize":16,"idempotencyKey":"k","tags":"t","maxAttempts":2,"delay":"1m30s","concurrencyKey":7,"queue":{"name":"q"}}}';
    const [item] = await read(`\n${sent}`);
    const { payload, ...rest } = item as ItemLine;
    expect(textOf(payload)).toBe('{"json":{"a":1}}');
    expect(rest).toEqual({
      line: 2,
      index: 3,
      task: "my-task",
      payloadType: "application/super+json",
      idempotencyKey: "k",
      options: { maxAttempts: 2, tags: ["t"], delayMs: 90_000 },
    });
  });

  it("has its payload as it was sent, as JSON where it is no text, or none", async () => {
    const payloadOf = async (text: string) => textOf((await read(`{"index":0,"task":"t"${text}}`))[0]?.payload);
    expect(await payloadOf("")).toBeUndefined();
    expect(await payloadOf(',"payload":null')).toBe("null");
    expect(await payloadOf(',"payload":{"a":[1,"ä"]}')).toBe('{"a":[1,"ä"]}');
    expect(await payloadOf(',"payload":"plain"')).toBe("plain");
    expect(await payloadOf(',"payload":{"__proto__":{"x":1}}')).toBe('{"__proto__":{"x":1}}');
    expect((await read('{"index":0,"task":"t","payload":1}'))[0]?.payloadType).toBe("application/json");
  });

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
    [
      "options that are a list",
      '{"index":0,"task":"t","options":[]}',
      '422 Line 2: "options" is missing or impossible',
    ],
    [
      "no attempt",
      '{"index":0,"task":"t","options":{"maxAttempts":0}}',
      '422 Line 2: "options.maxAttempts" is missing or impossible',
    ],
    [
      "a tag that is no text",
      '{"index":0,"task":"t","options":{"tags":[1]}}',
      '422 Line 2: "options.tags" is missing or impossible',
    ],
    ["a task that is no text", '{"index":0,"task":{"__proto__":1}}', '422 Line 2: "task" is missing or impossible'],
  ])("with %s is refused with its line, also at the end of the body", async (_, line, message) => {
    expect(await refusal(`${good}${line}\n${good}`)).toBe(message);
    expect(await refusal(`${good}\n${line}`)).toBe(message.replace("Line 2", "Line 3"));
  });

  it("that is not UTF-8 is refused", async () => {
    const bytes = Buffer.concat([Buffer.from('{"index":0,"task":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n')]);
    expect(await refusal(bytes)).toBe("400 Line 1: The bytes are not UTF-8");
    expect(await refusal(Buffer.from([0xff]))).toBe("400 Line 1: The bytes are not UTF-8");
  });

  it("may be 64 levels deep, and not 65", async () => {
    const deep = (levels: number) =>
      `{"index":0,"task":"t","payload":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    expect(await refusal(deep(mostItemDepth))).toBe("taken");
    expect(await refusal(deep(mostItemDepth + 1))).toBe("400 Line 1: The JSON has more than 64 levels");
    expect(await refusal(deep(1_000_000))).toBe("400 Line 1: The JSON has more than 64 levels");
    const inText = JSON.stringify({ index: 0, task: "t", payload: `\\"${"[{".repeat(1_000)}` });
    expect(await refusal(inText)).toBe("taken");
  });

  it("keeps keys of prototypes in payloads as the text that they are", async () => {
    const [item] = await read('{"index":0,"task":"constructor","payload":{"__proto__":{"x":1},"constructor":2}}');
    expect(item?.task).toBe("constructor");
    expect(textOf(item?.payload)).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });
  it("is an item or a refusal, whatever the line is", async () => {
    const lines = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"index":0,"task":"t","payload":${text}}`),
    );
    await fc.assert(
      fc.asyncProperty(lines, async (text) => {
        expect(await refusal(text)).toMatch(/^(?:400 Line \d+: |422 Line \d+: |taken$)/);
      }),
    );
  });
});

describe("a line that is too long", () => {
  const filler = (bytes: number) => "x".repeat(bytes);
  const lineOf = (head: string, sizeBytes: number) => `${head}${filler(sizeBytes - head.length - 2)}"}`;

  it("is an item that can't run, with its index and task, and harms no other", async () => {
    const long = lineOf('{"index":7,"task":"big","payload":"', mostItemBytes + 1);
    const longest = lineOf('{"index":8,"task":"fits","payload":"', mostItemBytes);
    const found = await read(`${long}\n${longest}\n{"index":9,"task":"after"}\n`, [100, 4_900, 3_000_000]);
    expect(found.map(({ line, index, task, problem }) => [line, index, task, problem?.code])).toEqual([
      [1, 7, "big", "PAYLOAD_TOO_LARGE"],
      [2, 8, "fits", undefined],
      [3, 9, "after", undefined],
    ]);
    expect(found[0]?.problem?.message).toBe("The item has 3145729 bytes, and at most 3145728 are taken");
    expect(found[0]?.payload).toBeUndefined();
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
    for await (const item of readItemLines(endless(), () => nowMs)) found.push(item);
    expect(found.map(({ index }) => index)).toEqual([2]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });

  it("is known by its first 512 bytes alone", async () => {
    const [item] = await read(lineOf(`{"note":"${filler(480)}","task":"t","index":44,"payload":"`, mostItemBytes + 10));
    expect([item?.index, item?.task]).toEqual([0, "t"]);
  });

  it("is not told by what stands deeper in it, in a text, or was cut", () => {
    const table: readonly (readonly [string, number | undefined, string | undefined])[] = [
      ['{"options":{"index":1,"task":"inner"},"task":"outer","index":2,', 2, "outer"],
      ['{"payload":[{"index":1}],"index":3}', 3, undefined],
      ['{"payload":"\\"index\\":1,\\"task\\":\\"x\\"', undefined, undefined],
      ['{"payload":"}},\\"index\\":1,', undefined, undefined],
      ['{"task":"a\\"b","index":5 ,', 5, 'a"b'],
      ['{"index":12', undefined, undefined],
      ['{"task":"cut of', undefined, undefined],
      ['{"index":-1,"task":7,', undefined, undefined],
      ['{"task":"index","x":"task","index":4}', 4, "index"],
      ['{"task":"b","options":{"index":1,"task":"no"},"index":12,"payload":"', 12, "b"],
      ['{"in\\u0064ex":3,"task":"a\\"b\\u00e4","payload":"', 3, 'a"bä'],
      ['{"payload":{"index":5,"task":"no"},"more":["index",6],"x":"', undefined, undefined],
      ['{"note":"\\"index\\":5,","payload":"', undefined, undefined],
      ['{"index":1.5,"task":"t","payload":"', undefined, "t"],
      ['{"index":-2,"task":"t","payload":"', undefined, "t"],
      [`{"index":4,"task":"${"x".repeat(600)}`, 4, undefined],
      ['{ "index" : 6 ,\t"task" : "t" , "payload":"', 6, "t"],
    ];
    for (const [head, index, task] of table)
      expect([head, readItemHead(bytesOf(head))]).toEqual([head, { index, task }]);
  });

  it("has a sound index or none, whatever it begins with", () => {
    const unit = fc.constantFrom('"', "\\", "{", "}", ":", ",", "index", "task", "1", "-", ".", "e");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 512 }), (head) => {
        const { index, task } = readItemHead(bytesOf(head));
        expect(index === undefined || (Number.isSafeInteger(index) && index >= 0)).toBe(true);
        expect(task === undefined || typeof task === "string").toBe(true);
      }),
    );
  });
});

it("a delay is a duration or a time", () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["2hr", 7_200_000],
    ["1w2d", 777_600_000],
    ["2026-01-01T00:01:00.000Z", 60_000],
    ["2025-01-01T00:00:00Z", 0],
    ["", undefined],
    ["5", undefined],
    ["-5m", undefined],
    ["1h 30m", undefined],
    ["999999999999w", undefined],
    ["tomorrow", undefined],
    ["2026-13-45T", undefined],
  ];
  for (const [text, ms] of table) expect([text, parseDelay(text, nowMs)]).toEqual([text, ms]);
});
