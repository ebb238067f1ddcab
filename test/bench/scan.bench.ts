// Scans traces of 10,000 to 2,000,000 spans into columns, and opens them as the reader does (columns, tree, failures, header),
// against readFile and JSON.parse of the same file.
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { silentLogger } from "../../src/base/logger";
import { OpenedTrace } from "../../src/reader/openedTrace";
import { pictureFacts } from "../../src/reader/pictureFacts";
import { ScannedSource } from "../../src/reader/scannedSource";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession } from "../../src/store/loadSession";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { type Figure, interleaved, reportBench, wallMs } from "../support/bench";
import { makeTempDir } from "../support/tempDir";
import { type GeneratedTrace, traceShapes, writeTrace } from "../support/traceGenerator";
import { wholeSource } from "../support/wholeSource";

const seed = 20_261_121;
const rounds = 5;
/** Up to here a file fits into the longest string, which the reference needs. */
const mostParsedBytes = 500_000_000;
const chunkBytes = 1024 * 1024;
/** Beyond this many spans traces are only scanned. */
const mostOpened = 500_000;

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
  const whole = () =>
    wallMs(async () => {
      const opened = await openTrace(path);
      check(opened.picture?.spans.count ?? 0);
      opened.dispose();
    });
  const isOpened = trace.spans <= mostOpened;
  const ways = [ours, ...(isOpened ? [whole] : []), ...(isParsed ? [theirs] : [])];
  const times = await interleaved(rounds, ways);
  const [value = Number.NaN, opening = Number.NaN] = times;
  const reference = isParsed ? times.at(-1) : undefined;
  const what = `${trace.spans.toLocaleString("en")} spans, ${trace.shape}${trace.indent === undefined ? "" : ", indented"} (${(size / 1e6).toFixed(0)} MB)`;
  const heldBytes = await bytesHeld(() => scanFile(path));
  const figures: Figure[] = [
    { what: `scan ${what}`, unit: "ms", value, reference, ...(isParsed ? { reach: 0.5 } : {}) },
    { what: "  held for each span", unit: "bytes", value: heldBytes / trace.spans },
  ];
  if (!isOpened) return figures;
  const openBytes = await bytesHeld(
    () => openTrace(path),
    (opened) => opened.dispose(),
  );
  const reach = trace.spans >= 500_000 ? 0.6 : 1;
  figures.push(
    { what: `open ${what}`, unit: "ms", value: opening, reference, ...(isParsed ? { reach } : {}) },
    { what: "  held for each span", unit: "bytes", value: openBytes / trace.spans },
  );
  return figures;
}

/** All that is done before a panel can be told. */
async function openTrace(path: string): Promise<OpenedTrace> {
  const probe = () => "unknown" as const;
  const opened = new OpenedTrace({
    source: new ScannedSource({
      key: path,
      access: nodeFileAccess,
      probe,
      journaled: wholeSource((signal) => loadSession(path, probe, signal)),
    }),
    firstEpoch: 1,
    logger: silentLogger,
    now: Date.now,
    onNews() {},
  });
  await opened.update();
  if (opened.picture === undefined || opened.picture.failures.failures.length === 0) throw new Error("No failures");
  pictureFacts(opened.picture);
  return opened;
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

/** Growth of the heap and of array buffers while what is made is kept, after a collection. */
async function bytesHeld<T>(make: () => Promise<T>, release: (made: T) => void = () => {}): Promise<number> {
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
  const made = await make();
  const held = (await alive()) - before;
  release(made);
  return held;
}
