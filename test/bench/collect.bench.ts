// Sends spans to the built `tracekeeper collect` with one client, in protobuf and in JSON, and measures spans a second from
// the first request to the last answer, which is given once they are in the journal, and the memory of the collector.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { sentRequest, sentSpan } from "../importers/otlpPayload";
import { protobufOf } from "../importers/otlpProtobufMessages";
import { type Figure, reportBench } from "../support/bench";
import { type BuiltCli, buildCli } from "../support/builtCli";
import { makeTempDir } from "../support/tempDir";

/** As exporters batch them by default. */
const spansInRequest = 512;
const spansInAll = 200_000;
/** Requests that one client has under way. */
const atOnce = 4;

interface Way {
  readonly what: string;
  readonly type: string;
  readonly encoding?: "gzip";
  encode(request: unknown): Buffer;
}

const ways: readonly Way[] = [
  { what: "protobuf", type: "application/x-protobuf", encode: (request) => protobufOf("TraceRequest", request) },
  {
    what: "protobuf in gzip",
    type: "application/x-protobuf",
    encoding: "gzip",
    encode: (request) => gzipSync(protobufOf("TraceRequest", request)),
  },
  { what: "JSON", type: "application/json", encode: (request) => Buffer.from(JSON.stringify(request)) },
];

/** A step of an agent as instrumentations write it: a model call, a tool call, or what is around them. */
function spanOf(index: number, trace: number): Record<string, unknown> {
  const id = `f${index.toString(16).padStart(15, "0")}`;
  const parent = index % 10 === 0 ? undefined : `f${(index - (index % 10)).toString(16).padStart(15, "0")}`;
  const kinds = [
    { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk" },
    {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-5",
      "gen_ai.provider.name": "openai",
      "gen_ai.usage.input_tokens": 1000 + (index % 100),
      "gen_ai.usage.output_tokens": 200,
      "gen_ai.response.finish_reasons": ["stop"],
    },
    {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "lookup",
      "gen_ai.tool.call.id": `call_${index}`,
      "gen_ai.tool.call.arguments": JSON.stringify({ order: index, fields: ["state", "total"] }),
      "gen_ai.tool.call.result": JSON.stringify({ state: "sent", total: index / 100 }),
    },
  ];
  return sentSpan({
    id,
    parent,
    trace: `${"0af7651916cd43dd8448eb21"}${trace.toString(16).padStart(8, "0")}`,
    name: index % 10 === 0 ? "invoke_agent clerk" : index % 2 === 0 ? "execute_tool lookup" : "chat gpt-5",
    atMs: index / 10,
    attributes: kinds[index % 10 === 0 ? 0 : 1 + (index % 2)] as Record<string, unknown>,
  });
}

const requestsOf = (spans: number, trace: number) =>
  Array.from({ length: Math.ceil(spans / spansInRequest) }, (_, at) =>
    sentRequest(
      Array.from({ length: Math.min(spansInRequest, spans - at * spansInRequest) }, (_, index) =>
        spanOf(at * spansInRequest + index, trace),
      ),
    ),
  );

interface Collecting {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

async function start(cli: BuiltCli, directory: string): Promise<Collecting> {
  const child = spawn(process.execPath, [cli.path, "collect", "--port", "0", "--dir", directory, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { port } = JSON.parse(line.toString().split("\n", 1)[0] ?? "") as { port: number };
  child.stdout.resume();
  const exited = once(child, "exit");
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** KB of memory that a process has, and has had at most. */
function memoryOf(pid: number): { readonly nowKb: number; readonly peakKb: number } {
  const status = process.platform === "linux" ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
  return { nowKb: kb("VmRSS"), peakKb: kb("VmHWM") };
}

/** Ms of CPU that a process has had. */
function cpuMsOf(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  // User and system, in hundredths of a second.
  const [user, system] = rest.split(" ").slice(11, 13).map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10;
}

/** Ms until all are answered. */
async function sendAll(port: number, way: Way, bodies: readonly Buffer[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const startMs = performance.now();
  let next = 0;
  const sendNext = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      for (;;) {
        const status = await post(agent, port, way, body);
        if (status === 200) break;
        if (status !== 429) throw new Error(`The collector answered ${status}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sendNext));
  const tookMs = performance.now() - startMs;
  agent.destroy();
  return tookMs;
}

function post(agent: Agent, port: number, { type, encoding }: Way, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      "Content-Type": type,
      "Content-Length": body.length,
      ...(encoding === undefined ? {} : { "Content-Encoding": encoding }),
    };
    const options = { host: "127.0.0.1", port, path: "/v1/traces", method: "POST", agent, headers };
    const request = httpRequest(options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const cli = await buildCli();
const figures: Figure[] = [];
for (const way of ways) {
  await using folder = await makeTempDir();
  const collecting = await start(cli, folder.path);
  const encoded = (spans: number, trace: number) => requestsOf(spans, trace).map((request) => way.encode(request));
  await sendAll(collecting.port, way, encoded(20_000, 1));
  const bodies = encoded(spansInAll, 2);
  const cpuBeforeMs = cpuMsOf(collecting.pid);
  const tookMs = await sendAll(collecting.port, way, bodies);
  const cpuMs = cpuMsOf(collecting.pid) - cpuBeforeMs;
  const memory = memoryOf(collecting.pid);
  tell(way.what, spansInAll, tookMs);
  figures.push({
    what: `${way.what}: CPU of the collector for a span`,
    unit: "µs",
    value: (cpuMs * 1000) / spansInAll,
  });
  figures.push({ what: `${way.what}: memory at most`, unit: "MB", value: memory.peakKb / 1024 });
  if (way === ways[0]) {
    for (let more = 0; more < 4; more++) await sendAll(collecting.port, way, encoded(spansInAll, 3 + more));
    const grown = memoryOf(collecting.pid).nowKb - memory.nowKb;
    figures.push({ what: "growth of that by four times as many more", unit: "MB", value: grown / 1024 });
    const small = Array.from({ length: 1000 }, (_, index) => requestsOf(10, 100 + index)).flat();
    const smallMs = await sendAll(
      collecting.port,
      way,
      small.map((request) => way.encode(request)),
    );
    tell("protobuf, 1,000 traces of 10 spans, a session each", 10_000, smallMs);
  }
  await collecting.stop();
}
await cli.remove();
await reportBench("collect", figures);

function tell(what: string, spans: number, tookMs: number): void {
  const perSecond = Math.round(spans / (tookMs / 1000));
  console.log(`${what}: ${perSecond.toLocaleString("en")} spans/s`);
  // 20,000 a second.
  figures.push({ what: `${what}: a span`, unit: "µs", value: (tookMs * 1000) / spans, reach: 50 });
}
