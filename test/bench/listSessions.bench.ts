// Lists 1,000 sessions of 1 GB for the first time, each round in a fresh process, against JSON.parse of all files.

import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
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
  readonly rows: number;
  readonly maxBytes: number;
}

const [role, directory] = process.argv.slice(2);
if ((role === "list" || role === "parse") && directory !== undefined) {
  process.stdout.write(JSON.stringify(await measure(() => (role === "list" ? list(directory) : parse(directory)))));
} else {
  await compare();
}

async function compare(): Promise<void> {
  await using folder = await makeTempDir();
  await generate(folder.path);
  const runs = { list: [] as Measured[], parse: [] as Measured[] };
  // The first round warms the page cache for both.
  for (let round = 0; round <= rounds; round++) {
    for (const role of ["list", "parse"] as const) {
      const run = await inFreshProcess(role, folder.path);
      if (run.rows !== sessions) throw new Error(`${role} found ${run.rows} sessions`);
      if (round > 0) runs[role].push(run);
    }
  }
  const medianOf = (role: keyof typeof runs, part: keyof Measured) => median(runs[role].map((run) => run[part]));
  await reportBench("listSessions", [
    { what: "list 1,000 sessions of 1 GB", unit: "s", value: medianOf("list", "ms") / 1000, reach: 1 },
    {
      what: "the same against JSON.parse of all files",
      unit: "s",
      value: medianOf("list", "ms") / 1000,
      reference: medianOf("parse", "ms") / 1000,
    },
    {
      what: "CPU against JSON.parse of all files",
      unit: "s",
      value: medianOf("list", "cpuMs") / 1000,
      reference: medianOf("parse", "cpuMs") / 1000,
    },
    { what: "bytes read of a file, at most", unit: "B", value: medianOf("list", "maxBytes"), reach: 16 * 1024 },
  ]);
}

async function inFreshProcess(role: string, path: string): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), role, path]);
  return JSON.parse(stdout) as Measured;
}

async function measure(run: () => Promise<Pick<Measured, "rows" | "maxBytes">>): Promise<Measured> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  const result = await run();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  return { ...result, ms, cpuMs: (user + system) / 1000 };
}

async function list(path: string): Promise<Pick<Measured, "rows" | "maxBytes">> {
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
  const store = new TraceStore({ directories: [path], logger: silentLogger, access });
  store.start();
  await store.ready;
  const rows = store
    .entries()
    .filter((entry) => entry.state.status === "completed" && entry.totalTokens === 1234).length;
  store.dispose();
  return { rows, maxBytes: [...bytes.values()].reduce((a, b) => Math.max(a, b), 0) };
}

async function parse(path: string): Promise<Pick<Measured, "rows" | "maxBytes">> {
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
