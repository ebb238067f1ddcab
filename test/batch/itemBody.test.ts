// The body of the second phase: from bytes in any pieces to items, or to a refusal that names the line.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BodyLine, readBodyLines } from "../../src/batch/bodyLines";
import { parseDelay } from "../../src/batch/itemDelay";
import { readItemHead } from "../../src/batch/itemHead";
import type { ItemLine, ItemLineError } from "../../src/batch/itemLine";
import { readItemLines } from "../../src/batch/itemLines";

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

async function read(body: string | Uint8Array): Promise<ItemLine[]> {
  const items: ItemLine[] = [];
  const bytes = typeof body === "string" ? bytesOf(body) : body;
  for await (const item of readItemLines(pieces(bytes, [1_000_000]), () => nowMs)) items.push(item);
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

  it("that is none is refused with its line", async () => {
    const deep = `{"index":0,"task":"t","payload":${"[".repeat(64)}${"]".repeat(64)}}`;
    const table: readonly (readonly [string | Uint8Array, string])[] = [
      ["{", "400 Line 1: "],
      ["\n\n\u0000", "400 Line 3: "],
      [new Uint8Array([0x22, 0xff, 0x22]), "400 Line 1: "],
      ["[]", "422 Line 1: "],
      ['{"task":"t"}', "422 Line 1: "],
      ['{"index":-1,"task":"t"}', "422 Line 1: "],
      ['{"index":1.5,"task":"t"}', "422 Line 1: "],
      ['{"index":"0","task":"t"}', "422 Line 1: "],
      ['{"index":0,"task":""}', "422 Line 1: "],
      ['{"index":0,"task":{"__proto__":1}}', "422 Line 1: "],
      ['{"index":0,"task":"t","options":[]}', "422 Line 1: "],
      ['{"index":0,"task":"t","options":{"maxAttempts":0}}', "422 Line 1: "],
      ['{"index":0,"task":"t","options":{"delay":"soon"}}', "422 Line 1: "],
      ['{"index":0,"task":"t","options":{"tags":[1]}}', "422 Line 1: "],
      [deep, "400 Line 1: "],
    ];
    for (const [line, message] of table)
      expect([line, await refusal(line)]).toEqual([line, expect.stringContaining(message)]);
    expect(await refusal(deep.replace("[]", ""))).toBe("taken");
    expect(await refusal(`{"index":0,"task":"t","payload":"${"[".repeat(500)}\\\\"}`)).toBe("taken");
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
  const large = "x".repeat(3_145_728);

  it("is an item that can't be run, at its own place where its beginning tells it", async () => {
    const items = await read(
      `{"index":0,"task":"t"}\n{"index":12,"task":"resize","payload":"${large}"}\n{"payload":"${large}"}`,
    );
    expect(items.slice(1)).toMatchObject([
      { line: 2, index: 12, task: "resize", problem: { code: "PAYLOAD_TOO_LARGE" } },
      { line: 3, index: 2, task: "unknown", problem: { code: "PAYLOAD_TOO_LARGE" } },
    ]);
    expect(items.slice(1).map(({ payload }) => payload)).toEqual([undefined, undefined]);
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
