// Scans traces of 10,000 to 2,000,000 spans into columns, against readFile and JSON.parse of the same file.
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { type Figure, interleaved, reportBench, wallMs } from "../support/bench";
import { makeTempDir } from "../support/tempDir";
import { type GeneratedTrace, traceShapes, writeTrace } from "../support/traceGenerator";

const seed = 20_261_121;
const rounds = 5;
/** Up to here a file fits into the longest string, which the reference needs. */
const mostParsedBytes = 500_000_000;
const chunkBytes = 1024 * 1024;

const sizes = [10_000, 100_000, 500_000, 2_000_000];
// `npm run bench -- scan 100000 500000` measures these sizes alone.
const asked = process.argv.slice(2).map(Number);
const figures: Figure[] = [];
for (const spans of asked.length === 0 ? sizes : asked) {
  for (const shape of traceShapes) figures.push(...(await measure({ spans, shape, seed })));
  if (spans === 100_000) figures.push(...(await measure({ spans, shape: "wide", seed, indent: 2 })));
}
await reportBench("scan", figures);

async function measure(trace: GeneratedTrace): Promise<Figure[]> {
  await using folder = await makeTempDir();
  const path = folder.join("session.json");
  await writeTrace(path, trace);
  const { size } = await stat(path);
  const isParsed = size <= mostParsedBytes;
  // Nothing of what was read may live on: the next measure would pay for it.
  const check = (count: number) => {
    if (count !== trace.spans) throw new Error(`${count} of ${trace.spans} spans were found`);
  };
  const ours = () => wallMs(async () => check((await scanFile(path)).spanCount));
  const theirs = () => wallMs(async () => check((await parseFile(path)).spans.length));
  const [value = Number.NaN, reference] = await interleaved(rounds, isParsed ? [ours, theirs] : [ours]);
  const what = `${trace.spans.toLocaleString("en")} spans, ${trace.shape}${trace.indent === undefined ? "" : ", indented"} (${(size / 1e6).toFixed(0)} MB)`;
  const heldBytes = await bytesHeld(path);
  return [
    { what: `scan ${what}`, unit: "ms", value, reference, ...(isParsed ? { reach: 0.5 } : {}) },
    { what: `  held for each span`, unit: "bytes", value: heldBytes / trace.spans },
  ];
}

async function scanFile(path: string): Promise<ScannedTrace> {
  const scanner = new TraceScanner();
  const file: FileHandle = await open(path);
  try {
    const chunk = new Uint8Array(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      scanner.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  const result = scanner.end();
  if (result.type !== "sound") throw new Error(`${path} is damaged at ${result.offsetBytes}`);
  return result;
}

async function parseFile(path: string): Promise<{ readonly spans: readonly unknown[] }> {
  return JSON.parse(await readFile(path, "utf8")) as { readonly spans: readonly unknown[] };
}

/** Growth of the heap and of array buffers while the columns are kept, after a collection. */
async function bytesHeld(path: string): Promise<number> {
  // Buffers that are found to be garbage are freed by another thread, and counted only then.
  const alive = async () => {
    let bytes = Number.POSITIVE_INFINITY;
    for (;;) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      if (heapUsed + arrayBuffers > bytes - 100_000) return bytes;
      bytes = heapUsed + arrayBuffers;
    }
  };
  const before = await alive();
  const scanned = await scanFile(path);
  const held = (await alive()) - before;
  if (scanned.columns.count < scanned.spanCount) throw new Error("Rows are missing");
  return held;
}
