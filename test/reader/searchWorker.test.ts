// Searches as they run: in the reader's own thread, over a file on disk of which only columns are in memory.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import type { PanelRequest } from "../../src/protocol/panelMessages";
import {
  type SearchPart,
  type SearchResult,
  searchPartSchema,
  searchResultSchema,
} from "../../src/protocol/searchMessages";
import { ReaderClient, ReaderError } from "../../src/reader/readerClient";
import type { RemoteTrace } from "../../src/reader/remoteTrace";
import { workerPort } from "../../src/reader/workerPort";
import { plainSearch, type SearchOptions } from "../../src/trace/searchQuery";
import { type BuiltReader, buildReader } from "../support/builtReader";
import { makeTempDir } from "../support/tempDir";

let built: BuiltReader;
beforeAll(async () => {
  built = await buildReader();
});
afterAll(() => built[Symbol.asyncDispose]());

async function opened(write: (path: string) => Promise<void>) {
  const folder = await makeTempDir();
  const path = folder.join("s.json");
  await write(path);
  const client = new ReaderClient({
    connect: () => workerPort(built.program),
    borders: () => undefined,
    logger: silentLogger,
  });
  const trace = client.open(path);
  await trace.update();
  return {
    trace,
    path,
    [Symbol.asyncDispose]: async () => {
      client.dispose();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** @param output of the span in a row */
async function writeTrace(path: string, count: number, output: (row: number) => string): Promise<void> {
  const stream = createWriteStream(path);
  const head = { version: 2, traceId: "t", sessionId: "s", startedAt: "2026-11-20T09:00:00Z", metadata: {} };
  stream.write(`${JSON.stringify(head).slice(0, -1)},"summary":{"status":"completed"},"spans":[`);
  for (let row = 0; row < count; row++) {
    const span = {
      spanId: `s${row}`,
      parentSpanId: row === 0 ? null : "s0",
      name: row === 0 ? "session" : "bash",
      kind: row === 0 ? "session" : "tool",
      startTime: 1_795_170_000_000 + row,
      endTime: 1_795_170_000_001 + row,
      status: "ok",
      input: { pattern: `p${row}`, path: "src" },
      output: output(row),
    };
    if (!stream.write(`${row === 0 ? "" : ","}${JSON.stringify(span)}`)) await once(stream, "drain");
  }
  stream.end("]}");
  await once(stream, "finish");
}

interface Asked {
  readonly parts: SearchPart[];
  readonly answer: Promise<SearchResult>;
}

function ask(trace: RemoteTrace, text: string, options: Partial<SearchOptions> = {}, signal?: AbortSignal): Asked {
  const parts: SearchPart[] = [];
  const query = { ...plainSearch, ...options, text };
  const request: PanelRequest = { method: "search", id: 1, params: { epoch: trace.facts?.epoch ?? 0, query } };
  const onPart = (part: unknown) => parts.push(searchPartSchema.parse(part));
  const answer = trace
    .call("request", { panel: 1, request }, { onPart, signal })
    .then((result) => searchResultSchema.parse(result));
  return { parts, answer };
}

async function rowsOf({ parts, answer }: Asked): Promise<number[]> {
  expect(await answer).toEqual({ skipped: 0 });
  return parts.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b);
}

describe("a search in the reader's thread", () => {
  it("finds what is in payloads and in labels of a trace whose columns have no texts", async () => {
    await using file = await opened((path) => writeTrace(path, 12_000, (row) => (row % 1_000 === 7 ? 'say "hé"' : "")));
    expect(file.trace.facts?.lacksTexts).toBe(true);
    expect(await rowsOf(ask(file.trace, 'say "HÉ"'))).toEqual([]);
    expect(await rowsOf(ask(file.trace, 'say "hé"'))).toEqual(
      Array.from({ length: 12 }, (_, index) => index * 1_000 + 7),
    );
    // Only the label joins the two.
    expect(await rowsOf(ask(file.trace, "p11999 in src"))).toEqual([11_999]);
    expect(await rowsOf(ask(file.trace, "^p\\d1999 in", { regex: true }))).toEqual([11_999]);
  });

  it("answers others while it searches, and ends when nobody waits for it any more", async () => {
    const text = "a".repeat(100_000);
    await using file = await opened((path) => writeTrace(path, 400, () => `${text}!`));
    const abort = new AbortController();
    const asked = ask(file.trace, "(a+)+$", { regex: true }, abort.signal);
    asked.answer.catch(() => undefined);
    // The first parts tell how far it is, long before it is through.
    while (asked.parts.length === 0) await setTimeout(1);
    const request: PanelRequest = { method: "details", id: 2, params: { epoch: 1, row: 5 } };
    await file.trace.call("request", { panel: 1, request });
    expect(asked.parts.every(({ searched }) => searched < 1)).toBe(true);
    abort.abort();
    await expect(asked.answer).rejects.toMatchObject({ kind: "aborted" });
    const told = asked.parts.length;
    // Had it gone on, a part would come before the answer to what is asked after it.
    expect(await rowsOf(ask(file.trace, "s399"))).toEqual([399]);
    expect(asked.parts).toHaveLength(told);
  });

  it("is ended by the next one of the same panel", async () => {
    await using file = await opened((path) => writeTrace(path, 400, () => "a".repeat(100_000)));
    const first = ask(file.trace, "(a+)+\\d$", { regex: true });
    first.answer.catch(() => undefined);
    while (first.parts.length === 0) await setTimeout(1);
    expect(await rowsOf(ask(file.trace, "s39"))).toEqual([
      39,
      ...Array.from({ length: 10 }, (_, index) => 390 + index),
    ]);
    await expect(first.answer).rejects.toBeInstanceOf(ReaderError);
  });

  it("goes on in the file that takes the place of the one that it searched", async () => {
    await using file = await opened((path) => writeTrace(path, 12_000, () => "old"));
    const next = `${file.path}.next`;
    await writeTrace(next, 12_000, (row) => (row === 9_000 ? "needle" : "new"));
    const asked = ask(file.trace, "needle");
    await rename(next, file.path);
    await file.trace.update();
    await asked.answer;
    expect(await rowsOf(ask(file.trace, "needle"))).toEqual([9_000]);
  });

  it("finds a match across the pieces in which one long field is read", async () => {
    const filler = "x".repeat(1_048_576);
    const needles = ["begins here", "\u00fcber \ud83d\ude00 all", 'with "quotes" and \\ more'];
    await using file = await opened((path) =>
      writeFile(
        path,
        JSON.stringify({
          version: 2,
          traceId: "t",
          sessionId: "s",
          startedAt: "2026-11-20T09:00:00Z",
          metadata: {},
          summary: {},
          spans: needles.map((needle, row) => ({
            spanId: `s${row}`,
            parentSpanId: null,
            name: "bash",
            kind: "tool",
            startTime: 1_795_170_000_000 + row,
            endTime: 1_795_170_000_001 + row,
            status: "ok",
            output: `${filler.slice(300)}${needle}${filler}${needle}`,
          })),
        }),
      ),
    );
    for (const [row, needle] of needles.entries()) {
      expect(await rowsOf(ask(file.trace, needle))).toEqual([row]);
      expect(await rowsOf(ask(file.trace, needle, { wholeWord: true }))).toEqual([]);
    }
  });
});
