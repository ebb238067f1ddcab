// `tracekeeper collect` as it is shipped: what it prints, how it ends, and that what it answered survives its death.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import { loadSession } from "../../src/store/loadSession";
import type { TraceSpan } from "../../src/trace/schema";
import { deriveState } from "../../src/trace/state";
import { hexId, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { protobufOf } from "../importers/otlpProtobufMessages";
import { post } from "../session/otlpClient";
import { type BuiltCli, buildCli } from "../support/builtCli";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { exporters, providerOf } from "./collectorSetup";

let cli: BuiltCli;
let folder: TempDir;
const running = new Set<ChildProcessWithoutNullStreams>();

beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
  await folder.remove();
});

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly url: string;
  readonly port: number;
  readonly output: { stdout: string; stderr: string };
  /** @returns exit code or signal */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

async function collect(...words: readonly string[]): Promise<Running> {
  const child = cli.start(["collect", ...words], { cwd: folder.path });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  await expect.poll(() => output.stdout).toMatch(/OTEL_EXPORTER_OTLP_PROTOCOL.*\n/);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(output.stdout)?.[1]);
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    port,
    url: `http://127.0.0.1:${port}`,
    output,
    async end(signal) {
      child.kill(signal);
      const [code, by] = await closed;
      running.delete(child);
      return code ?? by;
    },
  };
}

const bearer = (token: unknown) => ({ "Content-Type": "application/json", Authorization: `Bearer ${token}` });

const load = (safeId: string) => loadSession(folder.join(".tracekeeper", "traces", `${safeId}.json`), () => "gone");

async function send(port: number, ...spans: readonly Record<string, unknown>[]): Promise<number> {
  const headers = { "Content-Type": "application/x-protobuf", Authorization: undefined };
  return (await post(port, protobufOf("TraceRequest", sentRequest(spans)), { headers })).status;
}

describe("tracekeeper collect", () => {
  it("prints what a program needs, a line for each session, and ends all of them with Ctrl+C", async () => {
    const { port, output, end } = await collect("--port", "0");
    expect(output.stdout).toContain(`Collecting at http://127.0.0.1:${port} into `);
    expect(output.stdout).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${port}\n`);
    expect(await send(port, sentSpan({ name: "step" }))).toBe(200);
    await expect.poll(() => output.stdout).toContain(`agent · trace 0af76519 · tracekeeper show otlp-${traceId}`);
    expect(await end("SIGINT")).toBe(0);
    expect(output.stderr).toBe("");
    const { trace: found, evidence } = await load(`otlp-${traceId}`);
    expect(found.summary.status).toBe("completed");
    expect(deriveState(evidence, Date.now()).status).toBe("completed");
    const names = await readdir(folder.join(".tracekeeper", "traces"));
    expect(names.filter((name) => !name.startsWith("."))).toEqual([`otlp-${traceId}.json`]);
  });

  it("ends them with SIGTERM as well, and tells objects where it is asked to", async () => {
    const { port, output, end } = await collect("--port", "0", "--json", "--dir", "elsewhere");
    expect(JSON.parse(output.stdout)).toMatchObject({ type: "collect", port, directory: folder.join("elsewhere") });
    await send(port, sentSpan());
    await expect.poll(() => output.stdout.split("\n")).toHaveLength(3);
    expect(JSON.parse(output.stdout.split("\n")[1] ?? "")).toEqual({
      type: "session",
      sessionId: `otlp-${traceId}`,
      title: "agent · trace 0af76519",
      file: folder.join("elsewhere", `otlp-${traceId}.json`),
    });
    expect(await end("SIGTERM")).toBe(0);
  });

  it("takes another port where a program has the one that is asked for, and says so", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = (other.address() as AddressInfo).port;
    const { port, output, end } = await collect("--port", String(taken));
    expect(port).not.toBe(taken);
    expect(output.stderr).toBe(`tracekeeper: port ${taken} is taken by another program, so another one is used\n`);
    expect(await send(port, sentSpan())).toBe(200);
    expect(await end("SIGINT")).toBe(0);
    other.close();
  });

  it("names crewAI, whose grants are good with the next collector of the directory, and with no other's", async () => {
    expect((await cli.run(["collect", "--help"], { cwd: folder.path })).stdout).toContain("crewAI");
    const first = await collect("--port", "0");
    const grants = "/crewai_plus/api/v1/tracing/grants";
    const execution_uuid = "5c9b1e2a-7a51-4b11-9a3c-b1b6f2f6a001";
    const headers = { "Content-Type": "application/json", Authorization: undefined };
    const { json } = await post(first.port, { execution_uuid }, { path: grants, headers });
    expect(await first.end("SIGKILL")).toBe("SIGKILL");
    const secret = folder.join(".tracekeeper", "traces", ".collector.secret");
    if (process.platform !== "win32") expect((await stat(secret)).mode & 0o777).toBe(0o600);
    expect(await readFile(folder.join(".tracekeeper", ".gitignore"), "utf8")).toBe("*\n");

    const granted = { path: new URL(String(json["collector_url"])).pathname, headers: bearer(json["token"]) };
    const second = await collect("--port", "0");
    expect((await post(second.port, sentRequest([sentSpan()]), granted)).status).toBe(200);
    expect(await second.end("SIGINT")).toBe(0);
    const other = await collect("--port", "0", "--dir", "other");
    expect((await post(other.port, sentRequest([sentSpan()]), granted)).status).toBe(401);
    expect(await other.end("SIGINT")).toBe(0);
  });

  it.runIf(process.platform === "linux")("says why where its directory can't be made", async () => {
    const { code, stderr } = await cli.run(["collect", "--port", "0", "--dir", "/proc/none/x"], { cwd: folder.path });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^tracekeeper: ENOENT.*\/proc\/none.*\n$/),
    });
  });

  it.each([
    [["--port", "x"], "--port takes a whole number"],
    [["--port", "70000"], "--port takes a number up to 65535"],
    [["--idle", "0"], "--idle takes a whole number from 1 on"],
    [["now"], 'collect takes no "now"'],
  ])("refuses %j", async (words, message) => {
    const { code, stderr } = await cli.run(["collect", ...words], { cwd: folder.path });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe("a collector that is killed", () => {
  it.each(Object.keys(exporters))("has all that it answered to an exporter for %s", async (name) => {
    const first = await collect("--port", "0");
    const provider = providerOf(exporters[name]?.(first.url) as never);
    const tracer = provider.getTracer("shop");
    const agent = tracer.startSpan("agent");
    const below = trace.setSpan(context.active(), agent);
    const steps = Array.from({ length: 20 }, (_, index) => {
      const step = tracer.startSpan(`step ${index}`, { attributes: { index } }, below);
      if (index === 7) step.setStatus({ code: SpanStatusCode.ERROR, message: "broke" });
      step.end();
      return step;
    });
    await provider.forceFlush();
    expect(await first.end("SIGKILL")).toBe("SIGKILL");

    const sessionId = `otlp-${agent.spanContext().traceId}`;
    await recoverDirectory(folder.join(".tracekeeper", "traces"));
    const crashed = await load(sessionId);
    expect(crashed.problems).toEqual([]);
    expect(deriveState(crashed.evidence, Date.now()).status).toBe("crashed");
    expect(crashed.trace.spans).toHaveLength(1 + steps.length);

    // Another one goes on with the session: the agent comes, and an exporter that had no answer sends a step again.
    const second = await collect("--port", String(first.port));
    expect(second.port).toBe(first.port);
    agent.end();
    await provider.forceFlush();
    const { traceId: ofAgent, spanId } = agent.spanContext();
    const again = sentSpan({ id: steps[3]?.spanContext().spanId ?? "", parent: spanId, trace: ofAgent, name: "again" });
    expect(await send(second.port, again)).toBe(200);
    expect(await second.end("SIGINT")).toBe(0);
    await provider.shutdown();

    const { trace: whole, evidence, problems } = await load(sessionId);
    expect(problems).toEqual([]);
    expect(deriveState(evidence, Date.now()).status).toBe("completed");
    expect(whole.spans).toHaveLength(2 + steps.length);
    const agentSpan = whole.spans.find(({ name: own }) => own === "agent");
    const indexOf = (span: TraceSpan) => Number(span.attributes?.["index"]);
    // The exporter sends several requests at once.
    const children = whole.spans
      .filter(({ parentSpanId }) => parentSpanId === agentSpan?.spanId)
      .sort((one, other) => indexOf(one) - indexOf(other));
    expect(children.map(({ name: own }) => own)).toEqual(steps.map((_, index) => `step ${index}`));
    expect(children[7]).toMatchObject({ status: "error", statusMessage: "broke", attributes: { index: 7 } });
  });

  it("has every span of a request whose answer had come, whenever it is killed", async () => {
    for (let round = 0; round < 5; round++) {
      const { port, end } = await collect("--port", "0");
      const ids = Array.from({ length: 50 + round * 100 }, (_, index) => hexId(1 + round * 10_000 + index));
      expect(await send(port, ...ids.map((id) => sentSpan({ id })))).toBe(200);
      await end("SIGKILL");
      const { trace: found, problems } = await load(`otlp-${traceId}`);
      expect(problems).toEqual([]);
      const known = new Set(found.spans.map(({ spanId }) => spanId));
      expect(ids.filter((id) => !known.has(id))).toEqual([]);
    }
  });
});
