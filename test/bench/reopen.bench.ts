// Opens traces again that were opened before, each in a fresh reader, against opening them for the first time and against readFile and JSON.parse.
//
// From asking the worker, which is running and has opened another trace, to what the host is told of the session. What the
// panel does then is the same both times: see `open`. `npm run bench -- reopen [spans...]`.

import { readdir, readFile, stat } from "node:fs/promises";
import { silentLogger } from "../../src/base/logger";
import { ReaderClient } from "../../src/reader/readerClient";
import { workerPort } from "../../src/reader/workerPort";
import { type Figure, median, reportBench, wallMs } from "../support/bench";
import { buildReader } from "../support/builtReader";
import { makeTempDir } from "../support/tempDir";
import { traceShapes, writeTrace } from "../support/traceGenerator";

const seed = 20_261_121;
const rounds = 3;
const asked = process.argv.slice(2).map(Number);
/** After that the reader believes that a file has settled. */
const settledMs = 5000;
/** `JSON.parse` takes no longer text. */
const mostParsedBytes = 500_000_000;

await using built = await buildReader();
await using folder = await makeTempDir();
const small = folder.join("small.json");
await writeTrace(small, { spans: 2000, shape: "wide", seed });
// A reader keeps no process alive.
const alive = setInterval(() => undefined, 1000);
const figures: Figure[] = [];
for (const spans of asked.length === 0 ? [50_000, 100_000, 500_000] : asked) {
  for (const shape of traceShapes) figures.push(...(await measure(spans, shape)));
}
clearInterval(alive);
await reportBench("reopen", figures);

async function measure(spans: number, shape: (typeof traceShapes)[number]): Promise<Figure[]> {
  const path = folder.join(`${shape}-${spans}.json`);
  const storage = folder.join(`scans-${shape}-${spans}`);
  await writeTrace(path, { spans, shape, seed });
  const { size, ctimeMs } = await stat(path);
  await new Promise((resolve) => setTimeout(resolve, ctimeMs + settledMs - Date.now()));
  const kept = await keep(path, storage);
  const values = { first: [] as number[], again: [] as number[], parse: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const first = await open(path, undefined);
    const again = await open(path, storage);
    const parse =
      size > mostParsedBytes ? Number.NaN : await wallMs(async () => void JSON.parse(await readFile(path, "utf8")));
    if (round === 0) continue;
    values.first.push(first);
    values.again.push(again);
    values.parse.push(parse);
  }
  const what = `${spans.toLocaleString("en")} spans, ${shape}, ${(size / 1e6).toFixed(0)} MB`;
  const again = median(values.again);
  return [
    { what: `${what}: again, against the first time`, unit: "ms", value: again, reference: median(values.first) },
    { what: "  against readFile and JSON.parse", unit: "ms", value: again, reference: median(values.parse) },
    { what: "  kept, of the trace", unit: "MB", value: kept / 1e6, reference: size / 1e6 },
  ];
}

/** Opens the trace and waits until its scan is kept; returns how many bytes that takes. */
async function keep(path: string, storage: string): Promise<number> {
  const reader = clientOf(storage);
  const trace = reader.open(path);
  await trace.update();
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 50) {
    const name = (await readdir(storage).catch(() => [])).find((candidate) => candidate.endsWith(".scan"));
    if (name !== undefined) {
      reader.dispose();
      return (await stat(`${storage}/${name}`)).size;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The scan of ${path} is not kept; it is of less than 16 MB, perhaps`);
}

async function open(path: string, storage: string | undefined): Promise<number> {
  const reader = clientOf(storage);
  await reader.open(small).update();
  const trace = reader.open(path);
  const ms = await wallMs(() => trace.update());
  if (trace.facts === undefined) throw new Error(`${path} was not opened`);
  reader.dispose();
  return ms;
}

function clientOf(storage: string | undefined): ReaderClient {
  return new ReaderClient({
    connect: () => workerPort(built.program, { storage }),
    borders: () => undefined,
    logger: silentLogger,
  });
}
