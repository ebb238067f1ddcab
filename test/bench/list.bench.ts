// Lists 1,000 sessions of 1 GB for the first time and again, each round in a fresh process, against JSON.parse of all files.

import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { silentLogger } from "../../src/base/logger";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { TraceStore } from "../../src/store/traceStore";
import { median, reportBench } from "../support/bench";
import { makeTempDir } from "../support/tempDir";

const sessions = 1000;
const bytesOfSession = 1_000_000;
const rounds = 5;

/** What a fresh process measures: one way of listing, and nothing else. */
interface Measured {
  readonly ms: number;
  readonly cpuMs: number;
  /** CPU of the longest turn of the event loop; a second process measures it, because that takes CPU itself. */
  readonly turnMs: number;
  readonly rows: number;
  readonly maxBytes: number;
}

type Listed = Pick<Measured, "rows" | "maxBytes">;

const ways = {
  /** Nothing is remembered. */
  first: (path: string) => list(path, undefined),
  /** With what a window before has remembered. */
  again: (path: string, storage: string) => list(path, storage),
  parse,
} satisfies Record<string, (path: string, storage: string) => Promise<Listed>>;
type Way = keyof typeof ways;

const [way, directory, storage, what] = process.argv.slice(2);
if (way !== undefined && directory !== undefined && storage !== undefined) {
  const run = () => ways[way as Way](directory, storage);
  process.stdout.write(JSON.stringify(what === "turns" ? { turnMs: await longestTurn(run) } : await measure(run)));
} else {
  await compare();
}

async function compare(): Promise<void> {
  await using folder = await makeTempDir();
  const traces = folder.join("traces");
  const memory = folder.join("listings");
  await generate(traces);
  const runs: Record<Way, Measured[]> = { first: [], again: [], parse: [] };
  // The first round warms the page cache for all, and remembers.
  for (let round = 0; round <= rounds; round++) {
    for (const way of ["first", "again", "parse"] as const) {
      const run = await inFreshProcess(way, traces, memory);
      if (run.rows !== sessions) throw new Error(`${way} found ${run.rows} sessions`);
      if (round > 0) runs[way].push(run);
    }
  }
  const medianOf = (way: Way, part: keyof Measured) => median(runs[way].map((run) => run[part]));
  const seconds = (way: Way) => medianOf(way, "ms") / 1000;
  const [listing] = await readdir(memory);
  await reportBench("list", [
    { what: "list 1,000 sessions of 1 GB, first time", unit: "s", value: seconds("first"), reach: 1 },
    { what: "against JSON.parse of all files", unit: "s", value: seconds("first"), reference: seconds("parse") },
    {
      what: "CPU, against JSON.parse of all files",
      unit: "s",
      value: medianOf("first", "cpuMs") / 1000,
      reference: medianOf("parse", "cpuMs") / 1000,
    },
    { what: "bytes read of a file, at most", unit: "B", value: medianOf("first", "maxBytes"), reach: 16 * 1024 },
    { what: "CPU of one turn of the event loop, at most", unit: "ms", value: medianOf("first", "turnMs"), reach: 20 },
    { what: "list again, against the first time", unit: "s", value: seconds("again"), reference: seconds("first") },
    {
      what: "CPU of listing again, against the first time",
      unit: "s",
      value: medianOf("again", "cpuMs") / 1000,
      reference: medianOf("first", "cpuMs") / 1000,
    },
    { what: "bytes read of a trace when listed again", unit: "B", value: medianOf("again", "maxBytes"), reach: 0 },
    { what: "CPU of one turn when listed again, at most", unit: "ms", value: medianOf("again", "turnMs"), reach: 20 },
    { what: "size of what is remembered", unit: "B", value: (await stat(join(memory, listing ?? ""))).size },
  ]);
}

async function inFreshProcess(way: Way, path: string, storage: string): Promise<Measured> {
  const start = async (what: string) => {
    const program = [fileURLToPath(import.meta.url), way, path, storage, what];
    return JSON.parse((await promisify(execFile)(process.execPath, program)).stdout) as object;
  };
  return { ...(await start("times")), ...(await start("turns")) } as Measured;
}

async function measure(run: () => Promise<Listed>): Promise<Omit<Measured, "turnMs">> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  const result = await run();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  return { ...result, ms, cpuMs: (user + system) / 1000 };
}

async function longestTurn(run: () => Promise<Listed>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  let before = process.threadCpuUsage();
  const turn = () => {
    const now = process.threadCpuUsage();
    longestMs = Math.max(longestMs, (now.user + now.system - before.user - before.system) / 1000);
    before = now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  isOver = true;
  return longestMs;
}

async function list(path: string, storage: string | undefined): Promise<Listed> {
  const bytes = new Map<string, number>();
  const access = {
    ...nodeFileAccess,
    async open(file: string) {
      const opened = await nodeFileAccess.open(file);
      return {
        ...opened,
        async read(into: Uint8Array, offsetBytes: number) {
          const count = await opened.read(into, offsetBytes);
          bytes.set(file, (bytes.get(file) ?? 0) + count);
          return count;
        },
      };
    },
  };
  const store = new TraceStore({
    directories: [path],
    logger: silentLogger,
    access,
    // The files were made a moment ago, too lately to be remembered.
    now: () => Date.now() + 60_000,
    memory: storage === undefined ? undefined : { folder: storage, producer: () => "bench", mayWrite: () => true },
  });
  store.start();
  await store.ready;
  const rows = store
    .entries()
    .filter((entry) => entry.state.status === "completed" && entry.totalTokens === 1234).length;
  store.dispose();
  return { rows, maxBytes: [...bytes.values()].reduce((a, b) => Math.max(a, b), 0) };
}

async function parse(path: string): Promise<Listed> {
  let rows = 0;
  let maxBytes = 0;
  for (const name of await readdir(path)) {
    const text = await readFile(join(path, name), "utf8");
    const trace = JSON.parse(text) as { readonly summary: { readonly status: string; readonly totalTokens: number } };
    if (trace.summary.status === "completed" && trace.summary.totalTokens === 1234) rows++;
    maxBytes = Math.max(maxBytes, text.length);
  }
  return { rows, maxBytes };
}

async function generate(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const startMs = 1_795_170_000_000;
  const span = (id: string, parent: string | null, kind: string, output: string) => ({
    spanId: id,
    parentSpanId: parent,
    name: kind === "session" ? id : "bash",
    kind,
    startTime: startMs,
    endTime: startMs + 60_000,
    status: "ok",
    input: { command: "npm test" },
    output,
  });
  const spanBytes = 2000;
  for (let index = 0; index < sessions; index++) {
    const id = `session-${index}`;
    const children = Array.from({ length: bytesOfSession / (spanBytes + 200) }, (_, child) =>
      span(`${id}-${child}`, id, "tool", `line ${child}\n`.repeat(spanBytes / 10).slice(0, spanBytes)),
    );
    const trace = {
      version: 2,
      traceId: `trace-${index}`,
      sessionId: id,
      startedAt: new Date(startMs).toISOString(),
      endedAt: new Date(startMs + 60_000).toISOString(),
      metadata: { title: `Session ${index}`, agent: "build", prompt: "Run the tests and mend what fails." },
      spans: [span(id, null, "session", "done"), ...children],
      summary: {
        totalTokens: 1234,
        totalCost: 0.5,
        duration: 60_000,
        status: "completed",
        tokens: { input: 1000, output: 234 },
      },
    };
    await writeFile(join(path, `${id}.json`), JSON.stringify(trace, undefined, 2));
  }
}
