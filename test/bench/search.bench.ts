// Searches a trace of 500,000 spans by its bytes: texts and expressions, found nowhere or everywhere, against reading and
// parsing the whole file. Also how long the thread is held by one step. Then a session that is followed from its journal,
// against making every span and looking at it.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { TracePicture } from "../../src/reader/picture";
import { queryMatcher } from "../../src/reader/searchMatcher";
import { TraceSearch } from "../../src/reader/searchTrace";
import { scannedSpans } from "../../src/trace/scannedSpans";
import type { ByteRange } from "../../src/trace/scanRows";
import { TraceScanner } from "../../src/trace/scanTrace";
import { plainSearch, type SearchOptions } from "../../src/trace/searchQuery";
import { readingSpans } from "../../src/trace/spanSource";
import { type Figure, interleaved, reportBench, wallMs } from "../support/bench";
import { makeTempDir } from "../support/tempDir";
import { writeTrace } from "../support/traceGenerator";
import { followSession } from "./followedSession";

const seed = 20_261_121;
const rounds = 3;
// `npm run bench -- search 100000` searches a smaller trace.
const spans = Number(process.argv[2] ?? 500_000);

const queries: readonly (readonly [string, string, Partial<SearchOptions>])[] = [
  ["text, found nowhere", "zebra crossing", {}],
  ["text, found nowhere, case matched", "zebra crossing", { matchCase: true }],
  ["text of letters that are everywhere, found nowhere", "testation", {}],
  ["one letter, found everywhere", "e", {}],
  ["whole word", "the", { wholeWord: true }],
  ["the name of a field of every span", "status", {}],
  ["a number", "4711", {}],
  ["beyond ASCII, found nowhere", "größe", {}],
  ["expression with a text in it", "zebra.*crossing", { regex: true }],
  ["expression without a text in it", "[0-9]{9}\\s[a-z]{30}", { regex: true }],
  ["expression that makes others hang", "(a+)+$", { regex: true }],
];

/** Found in payloads. */
const followedQueries: readonly (readonly [string, string, Partial<SearchOptions>])[] = [
  ["text, found nowhere", "zebra crossing", {}],
  ["text, found nowhere, case matched", "zebra crossing", { matchCase: true }],
  ["text, found in few", "part-499", {}],
  ["one letter, found everywhere", "e", {}],
  ["the name of a field of every span", "status", {}],
  ["a number", "4711", {}],
  ["expression with a text in it", "zebra.*crossing", { regex: true }],
  ["expression without a text in it", "[0-9]{9}\\s[a-z]{30}", { regex: true }],
];

await using folder = await makeTempDir();
const path = folder.join("session.json");
await writeTrace(path, { spans, shape: "wide", seed });
const { size } = statSync(path);
const fd = openSync(path, "r");
const read = ({ startBytes, endBytes }: ByteRange): Uint8Array => {
  const bytes = new Uint8Array(endBytes - startBytes);
  readSync(fd, bytes, 0, bytes.length, startBytes);
  return bytes;
};
const picture = opened();
const reference = await wallMs(async () => JSON.parse(await readFile(path, "utf8")) as unknown);
const figures: Figure[] = [];
figures.push({ what: "labels are made once", unit: "ms", value: await wallMs(() => search("zebra", {})), reference });
for (const [what, text, options] of queries) {
  let longestMs = 0;
  let found = 0;
  const [value = Number.NaN] = await interleaved(rounds, [
    () =>
      wallMs(() => {
        const result = search(text, options);
        longestMs = Math.max(longestMs, result.longestMs);
        found = result.found;
      }),
  ]);
  figures.push({
    what: `${what}: ${text} (${found} found, ${Math.round(size / 1e3 / value)} MB/s)`,
    unit: "ms",
    value,
    reference,
  });
  figures.push({ what: "  longest step", unit: "ms", value: longestMs, reach: 15 });
}
closeSync(fd);

const followedSpans = Math.min(spans, 100_000);
using followed = await followSession(folder, followedSpans, seed);
const live = { columns: followed.reading.columns, spans: followed.reading.spans, hasTexts: true } as TracePicture;
const { count } = live.spans;
const idOf = (row: number) => live.spans.idOf(row);
const rowOf = (id: string) => live.spans.rowOf(id);
const plainSpans = { ...readingSpans((row) => live.spans.spanAt(row)), count, idOf, rowOf };
const oneByOne = { ...live, spans: plainSpans } as TracePicture;
figures.push({
  what: `the journal that is followed, ${count} spans`,
  unit: "MB",
  value: followed.bytes / 1e6,
});
for (const [what, text, options] of followedQueries) {
  let bytes = search(text, options, live);
  let spanBySpan = bytes;
  const [value, reference] = await interleaved(rounds, [
    () =>
      wallMs(() => {
        bytes = search(text, options, live);
      }),
    () =>
      wallMs(() => {
        spanBySpan = search(text, options, oneByOne);
      }),
  ]);
  if (bytes.found !== spanBySpan.found) throw new Error(`${bytes.found} found, span by span ${spanBySpan.found}`);
  const { firstMs = 0, longestMs } = bytes;
  figures.push({
    what: `followed: ${what}: ${text} (${bytes.found} found, first after ${Math.round(firstMs)} ms)`,
    ...{ unit: "ms", value: value ?? Number.NaN, reference },
  });
  figures.push({ what: "  longest step", unit: "ms", value: longestMs, reach: 15 });
}
await reportBench("search", figures);

function opened(): TracePicture {
  const scanner = new TraceScanner();
  const chunkBytes = 1 << 20;
  for (let from = 0; from < size; from += chunkBytes) {
    scanner.push(read({ startBytes: from, endBytes: Math.min(size, from + chunkBytes) }));
  }
  const scanned = scanner.end();
  if (scanned.type !== "sound") throw new Error(`damaged at ${scanned.offsetBytes}`);
  return { columns: scanned.columns, spans: scannedSpans(scanned, read), hasTexts: false } as TracePicture;
}

interface Searched {
  readonly found: number;
  /** Until the first was found. */
  readonly firstMs: number | undefined;
  readonly longestMs: number;
}

function search(text: string, options: Partial<SearchOptions>, searched = picture): Searched {
  const matcher = queryMatcher({ ...plainSearch, ...options, text });
  const run = new TraceSearch({ matcher, picture: () => searched });
  let longestMs = 0;
  const startMs = performance.now();
  let firstMs: number | undefined;
  let fromMs = startMs;
  for (const _ of run.run()) {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - fromMs);
    if (run.hasNews) firstMs ??= nowMs - startMs;
    fromMs = nowMs;
  }
  let found = 0;
  while (run.hasNews) found += run.takePart().rows.length;
  return { found, firstMs, longestMs };
}
