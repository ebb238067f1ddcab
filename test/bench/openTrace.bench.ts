// Opens traces of 10,000 to 500,000 spans up to the failing step, against readFile and JSON.parse of the same file.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeProbeLiveness } from "../../src/recorder/liveness";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession } from "../../src/store/loadSession";
import { actionKey } from "../../src/trace/actionKey";
import { buildColumns } from "../../src/trace/buildColumns";
import { describeSpan } from "../../src/trace/describeSpan";
import { findFailures } from "../../src/trace/failures";
import type { TraceSpan } from "../../src/trace/schema";
import { buildTree } from "../../src/trace/spanTree";
import { deriveState } from "../../src/trace/state";
import { type Figure, median, reportBench } from "../support/bench";
import { makeTempDir } from "../support/tempDir";

const sizes = [10_000, 100_000, 500_000];
const rounds = 3;
const startMs = 1_795_170_000_000;

/** What a fresh process measures: one way, and nothing else. */
interface Measured {
  readonly ms: number;
  readonly spans: number;
  /** Growth of the process while it keeps the result, after a collection: of its pages, and of what is alive in them. */
  readonly rssBytes: number;
  readonly aliveBytes: number;
  /** ms of the parts, in their order. */
  readonly parts: Readonly<Record<string, number>>;
}

type Memory = Pick<Measured, "rssBytes" | "aliveBytes">;

/** Keeps what was opened from being collected while memory is measured. */
const kept: unknown[] = [];

const [role, file] = process.argv.slice(2);
if ((role === "open" || role === "parse") && file !== undefined)
  process.stdout.write(JSON.stringify(await (role === "open" ? open(file) : parse(file))));
else await compare();

async function compare(): Promise<void> {
  const figures: Figure[] = [];
  const memory: { readonly spans: number; readonly open: Memory; readonly parse: Memory }[] = [];
  for (const spans of sizes) {
    await using folder = await makeTempDir();
    const trace = folder.join("session.json");
    await generate(trace, spans);
    const megabytes = (await stat(trace)).size / 1e6;
    const runs = { open: [] as Measured[], parse: [] as Measured[] };
    // The first round warms the page cache for both.
    for (let round = 0; round <= rounds; round++)
      for (const role of ["open", "parse"] as const) {
        const run = await inFreshProcess(role, trace);
        if (run.spans !== spans) throw new Error(`${role} found ${run.spans} spans`);
        if (round > 0) runs[role].push(run);
      }
    const name = `${spans.toLocaleString("en")} spans, ${megabytes.toFixed(0)} MB`;
    const of = (role: keyof typeof runs, value: (run: Measured) => number) => median(runs[role].map(value));
    figures.push({
      what: `open ${name}`,
      unit: "ms",
      value: of("open", ({ ms }) => ms),
      reference: of("parse", ({ ms }) => ms),
      ...(spans >= 500_000 ? { reach: 0.6 } : spans >= 100_000 ? { reach: 1 } : {}),
    });
    for (const part of Object.keys(runs.open[0]?.parts ?? {}))
      figures.push({ what: `  ${part}`, unit: "ms", value: of("open", ({ parts }) => parts[part] ?? Number.NaN) });
    const memoryOf = (role: keyof typeof runs): Memory => ({
      rssBytes: of(role, ({ rssBytes }) => rssBytes),
      aliveBytes: of(role, ({ aliveBytes }) => aliveBytes),
    });
    memory.push({ spans, open: memoryOf("open"), parse: memoryOf("parse") });
  }
  // From the smallest to the largest, so that what a process needs for itself does not count.
  const [first, last] = [memory[0], memory.at(-1)];
  if (!first || !last) throw new Error("There are no sizes.");
  const growth = (role: "open" | "parse", part: keyof Memory) =>
    ((last[role][part] - first[role][part]) / 1e6 / (last.spans - first.spans)) * 100_000;
  const names = { rssBytes: "RSS growth per 100,000 spans", aliveBytes: "alive in it" } as const;
  for (const part of ["rssBytes", "aliveBytes"] as const) {
    figures.push({ what: names[part], unit: "MB", value: growth("open", part), reach: 60 });
    const reference = growth("parse", part);
    figures.push({ what: `  to JSON.parse`, unit: "MB", value: growth("open", part), reference });
  }
  await reportBench("openTrace", figures);
}

async function inFreshProcess(role: string, path: string): Promise<Measured> {
  const program = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program, role, path]);
  return JSON.parse(stdout) as Measured;
}

async function open(path: string): Promise<Measured> {
  const parts: Record<string, number> = {};
  const before = await memoryNow();
  const beginMs = performance.now();
  let partMs = beginMs;
  const part = (name: string) => {
    const nowMs = performance.now();
    parts[name] = nowMs - partMs;
    partMs = nowMs;
  };
  const session = await loadSession(path, makeProbeLiveness(), undefined, nodeFileAccess);
  part("read and readSession");
  const spans: readonly TraceSpan[] = session.trace.spans;
  const { columns } = buildColumns(spans, describeSpan);
  part("buildColumns");
  const tree = buildTree(columns);
  part("buildTree");
  const state = deriveState(session.evidence, startMs);
  const keyOf = (row: number) => (spans[row] ? actionKey(spans[row]) : "");
  const failures = findFailures(columns, tree, keyOf, state);
  part("deriveState and findFailures");
  const ms = performance.now() - beginMs;
  if (failures.failingStep === undefined) throw new Error("The failing step was not found.");
  kept.push(session, columns, tree, failures);
  return { ms, spans: session.trace.spans.length, ...(await memorySince(before)), parts };
}

async function parse(path: string): Promise<Measured> {
  const before = await memoryNow();
  const beginMs = performance.now();
  const trace = JSON.parse(await readFile(path, "utf8")) as { readonly spans: readonly unknown[] };
  const ms = performance.now() - beginMs;
  kept.push(trace);
  return { ms, spans: trace.spans.length, ...(await memorySince(before)), parts: {} };
}

async function memoryNow(): Promise<Memory> {
  // Buffers are freed by another thread after a collection.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await delay(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, aliveBytes: heapUsed + external };
}

async function memorySince(before: Memory): Promise<Memory> {
  const now = await memoryNow();
  return { rssBytes: now.rssBytes - before.rssBytes, aliveBytes: now.aliveBytes - before.aliveBytes };
}

/** A session of generations with ten tool calls each, about 680 bytes a span, of which the last one fails. */
async function generate(path: string, count: number): Promise<void> {
  const stream = createWriteStream(path);
  const header = {
    version: 2,
    traceId: "trace",
    sessionId: "session",
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(startMs + count * 10).toISOString(),
    metadata: { title: "Generated", agent: "build" },
    summary: { totalTokens: 0, totalCost: 0, duration: count * 10, status: "error" },
  };
  stream.write(`${JSON.stringify(header).slice(0, -1)},"spans":[`);
  const output = "0123456789 lines of output\n".repeat(12);
  for (let index = 0; index < count; index++) {
    if (!stream.write(`${index === 0 ? "" : ","}\n${JSON.stringify(spanOf(index, count, output))}`))
      await once(stream, "drain");
  }
  stream.end("]}");
  await once(stream, "finish");
}

function spanOf(index: number, count: number, output: string): Record<string, unknown> {
  const isRoot = index === 0;
  const isGeneration = index % 11 === 1;
  const isLast = index === count - 1;
  const parent = isRoot ? null : isGeneration ? "span-0" : `span-${index - ((index - 1) % 11)}`;
  return {
    spanId: `span-${index}`,
    parentSpanId: parent,
    name: isRoot ? "session" : isGeneration ? `generation-${(index - 1) / 11}` : index % 2 === 0 ? "bash" : "read",
    kind: isRoot ? "session" : isGeneration ? "generation" : "tool",
    startTime: startMs + index * 10,
    endTime: isRoot ? startMs + count * 10 : startMs + index * 10 + 9,
    status: isLast ? "error" : "ok",
    ...(isLast ? { statusMessage: "exit 1" } : {}),
    tool: { callId: `call-${index}`, durationMs: 9 },
    input:
      index % 2 === 0
        ? { command: `npm test -- part-${index % 500}` }
        : { filePath: `/repo/src/file-${index % 900}.ts` },
    output,
    attributes: { "code.file.path": `/repo/src/file-${index % 900}.ts`, "code.line.number": index % 400 },
  };
}
