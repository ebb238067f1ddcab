// Records 20,000 tool calls of 1 KB in bursts of 10, against a bare append of the same lines, pino and a rewrite per event.

import { execFile } from "node:child_process";
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pino from "pino";
import { FileExporter } from "../../src/recorder/fileExporter";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { Trace } from "../../src/recorder/trace";
import { type Figure, interleaved, median, reportBench } from "../support/bench";
import { makeTempDir } from "../support/tempDir";

const events = 20_000;
/** The rewrite of the whole file per event is quadratic: it is measured on fewer events, which flatters it. */
const rewriteEvents = 2_000;
const burst = 10;
const longEvents = 1_000_000;
const output = "All 31 tests passed in src/billing/tax.test.ts\n".repeat(17).slice(0, 780);

interface ToolCall {
  readonly tool: string;
  readonly callID: string;
  readonly state: {
    readonly status: "completed";
    readonly input: Record<string, unknown>;
    readonly output: string;
    readonly time: { readonly start: number; readonly end: number };
  };
}

function toolCall(index: number): ToolCall {
  const now = Date.now();
  return {
    tool: "bash",
    callID: `call_${index}`,
    state: {
      status: "completed",
      input: { command: `npm test -- --run ${index}`, cwd: "/home/someone/project" },
      output: `${index} ${output}`,
      time: { start: now - 5, end: now },
    },
  };
}

/** The span as a plain recorder would write it down. */
function plainSpan(index: number) {
  const { tool, callID, state } = toolCall(index);
  return {
    spanId: index.toString(16).padStart(16, "0"),
    parentSpanId: "0000000000000000",
    name: tool,
    kind: "tool",
    startTime: state.time.start,
    endTime: state.time.end,
    status: "ok",
    tool: { callId: callID, durationMs: state.time.end - state.time.start },
    input: state.input,
    output: state.output,
  };
}

/** Calls `log` for every event, in bursts with a timer of 0 ms between them. */
async function paced(count: number, log: (index: number) => void): Promise<void> {
  for (let index = 0; index < count; ) {
    for (let inBurst = 0; inBurst < burst; inBurst++) log(index++);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}

/** CPU µs per event. */
async function cpuOf(count: number, action: () => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

let bytesOfLines = 0;
const written = { finished: 0, begun: 0 };

async function inFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  await using folder = await makeTempDir();
  return await action(folder.path);
}

const bare = () =>
  inFolder(async (folder) => {
    const fd = openSync(join(folder, "spans.ndjson"), "a");
    bytesOfLines = 0;
    const cpu = await cpuOf(events, () =>
      paced(events, (index) => {
        bytesOfLines += writeSync(fd, `${JSON.stringify(plainSpan(index))}\n`);
      }),
    );
    closeSync(fd);
    return cpu;
  });

const withPino = () =>
  inFolder(async (folder) => {
    const destination = pino.destination({ dest: join(folder, "spans.ndjson"), sync: true });
    const logger = pino({ base: null }, destination);
    const cpu = await cpuOf(events, () => paced(events, (index) => logger.info(plainSpan(index))));
    destination.end();
    return cpu;
  });

/** What a recorder does that writes the whole trace anew after every event: to a temporary file, renamed. */
const rewrite = () =>
  inFolder(async (folder) => {
    const path = join(folder, "trace.json");
    const spans: unknown[] = [];
    return await cpuOf(rewriteEvents, () =>
      paced(rewriteEvents, (index) => {
        spans.push(plainSpan(index));
        writeFileSync(`${path}.tmp`, JSON.stringify({ version: 2, spans }, null, 2));
        renameSync(`${path}.tmp`, path);
      }),
    );
  });

const finished = () => record("finished", (trace, index) => trace.logToolCall(toolCall(index)));

const begun = () =>
  record("begun", (trace, index) => {
    const { tool, callID, state } = toolCall(index);
    const spanId = trace.startToolCall({ tool, callID, input: state.input });
    trace.endToolCall(spanId, { status: "completed", output: state.output });
  });

async function record(name: keyof typeof written, log: (trace: Trace, index: number) => void): Promise<number> {
  return await inFolder(async (folder) => {
    const counting = countingFs();
    const trace = Trace.withExporters([new FileExporter(folder, 0, { fs: counting.fs })]);
    const cpu = await cpuOf(events, async () => {
      trace.startTrace("bench", { title: "Benchmark" });
      await paced(events, (index) => log(trace, index));
      await trace.endTrace();
    });
    written[name] = counting.bytes();
    return cpu;
  });
}

function countingFs(): { readonly fs: RecorderFs; bytes(): number } {
  let bytes = 0;
  const count = (written: number) => {
    bytes += written;
    return written;
  };
  const fs: RecorderFs = {
    sync: { ...nodeFs.sync, write: (fd, data) => count(nodeFs.sync.write(fd, data)) },
    async: { ...nodeFs.async, write: async (fd, data) => count(await nodeFs.async.write(fd, data)) },
  };
  return { fs, bytes: () => bytes };
}

interface LongRun {
  readonly firstMicros: number;
  readonly lastMicros: number;
  readonly rssGrowthMb: number;
  readonly endSeconds: number;
}

/** 1,000,000 events in a process of its own: what the last ones cost against the first, and what the process grew by. */
async function longRun(): Promise<LongRun> {
  return await inFolder(async (folder) => {
    const trace = Trace.withExporters([new FileExporter(folder, 0)]);
    trace.startTrace("long", { title: "Long run" });
    const costs: number[] = [];
    let rss = 0;
    const window = 10_000;
    for (let done = 0; done < longEvents + 5 * window; done += window) {
      const before = process.cpuUsage();
      for (let index = 0; index < window; ) {
        for (let inBurst = 0; inBurst < burst; inBurst++) trace.logToolCall(toolCall(done + index++));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / window);
      // The first five windows are the warm-up.
      if (done === 4 * window) {
        globalThis.gc?.();
        rss = process.memoryUsage().rss;
      }
    }
    globalThis.gc?.();
    const grown = process.memoryUsage().rss - rss;
    const startMs = performance.now();
    await trace.endTrace();
    const endSeconds = (performance.now() - startMs) / 1000;
    const first = costs.slice(5, 15);
    const last = costs.slice(-10);
    return {
      firstMicros: median(first),
      lastMicros: median(last),
      rssGrowthMb: Math.max(grown, process.memoryUsage().rss - rss) / 1e6,
      endSeconds,
    };
  });
}

async function compare(): Promise<void> {
  const [base = 0, ours = 0, oursBegun = 0, pinoCost = 0] = await interleaved(5, [bare, finished, begun, withPino]);
  const [rewritten = 0] = await interleaved(1, [rewrite]);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    "long",
  ]);
  const long = JSON.parse(stdout) as LongRun;
  const figures: Figure[] = [
    { what: "logToolCall, endTrace included: CPU per event", unit: "µs", value: ours, reference: base, reach: 1.5 },
    { what: "startToolCall + endToolCall: CPU per event", unit: "µs", value: oursBegun, reference: base, reach: 1.8 },
    { what: "pino, sync destination: CPU per event", unit: "µs", value: pinoCost, reference: base },
    { what: `whole file per event, first ${rewriteEvents}: CPU`, unit: "µs", value: rewritten, reference: base },
    {
      what: "logToolCall: bytes written",
      unit: "MB",
      value: written.finished / 1e6,
      reference: bytesOfLines / 1e6,
      reach: 2.5,
    },
    {
      what: "begin and end: bytes written",
      unit: "MB",
      value: written.begun / 1e6,
      reference: bytesOfLines / 1e6,
      reach: 2.5,
    },
    {
      what: "1,000,000 events: last 100,000 against first",
      unit: "µs",
      value: long.lastMicros,
      reference: long.firstMicros,
      reach: 1.15,
    },
    { what: "1,000,000 events: growth of RSS", unit: "MB", value: long.rssGrowthMb, reach: 64 },
    { what: "1,000,000 events: endTrace", unit: "s", value: long.endSeconds },
  ];
  await reportBench("record", figures);
}

if (process.argv[2] === "long") process.stdout.write(JSON.stringify(await longRun()));
else await compare();
