// The real SDK of trigger.dev against `tracekeeper collect` as it is shipped, with tasks that are real programs: what it
// prints is all that the client needs, and a collector that is killed loses no item and runs none twice.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { TriggerClient } from "@trigger.dev/sdk";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BuiltCli, buildCli } from "../support/builtCli";
import { makeTempDir, type TempDir } from "../support/tempDir";

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

interface Collecting {
  readonly url: string;
  readonly key: string;
  readonly output: { stdout: string; stderr: string };
  readonly client: TriggerClient;
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

async function collect(...words: readonly string[]): Promise<Collecting> {
  const child = cli.start(["collect", ...words], { cwd: folder.path });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  await expect.poll(() => output.stdout).toMatch(/TRIGGER_SECRET_KEY=.*\n/);
  const [, url = ""] = /TRIGGER_API_URL=(\S+)/.exec(output.stdout) ?? [];
  const [, key = ""] = /TRIGGER_SECRET_KEY=(\S+)/.exec(output.stdout) ?? [];
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    url,
    key,
    output,
    client: new TriggerClient({ baseURL: url, accessToken: key }),
    async end(signal) {
      child.kill(signal);
      const [code, by] = await closed;
      running.delete(child);
      return code ?? by;
    },
  };
}

/** Notes its payload in one write, so that lines of runs at the same time stay whole. */
const note = `printf '%s\\n' "$(cat)" >> ran`;
const noted = async () => {
  const text = await readFile(folder.join("ran"), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { item: number }).item)
    .sort((one, other) => one - other);
};
const items = (count: number) => Array.from({ length: count }, (_, item) => ({ payload: { item } }));
const numbers = (count: number) => Array.from({ length: count }, (_, item) => item);

async function whenCompleted({ client }: Collecting, id: string) {
  await expect.poll(async () => (await client.batch.retrieve(id)).status, { interval: 200 }).toBe("COMPLETED");
}

describe.skipIf(process.platform === "win32")("tracekeeper collect", () => {
  it("prints what the SDK needs, runs what it triggers as sessions of their own, and tells of both", async () => {
    const collecting = await collect("--port", "0", "--task", `note=${note}`, "--task", "fail=exit 3");
    const { client, output } = collecting;
    const { batchId } = await client.batch.trigger([
      ...items(3).map((each) => ({ id: "note", ...each })),
      { id: "fail", payload: {} },
      { id: "nobody", payload: {} },
    ]);
    await whenCompleted(collecting, batchId);
    expect(await noted()).toEqual(numbers(3));
    const { runs } = await client.batch.retrieve(batchId);
    expect(await client.runs.retrieve(runs[3] ?? "")).toMatchObject({
      status: "FAILED",
      error: { message: expect.stringContaining("exit 3") },
    });
    expect(await client.runs.retrieve(runs[4] ?? "")).toMatchObject({ status: "FAILED", attemptCount: 1 });
    await expect.poll(() => output.stdout).toContain(`${batchId} · 5 runs · tracekeeper batch show ${batchId}\n`);
    await expect.poll(() => output.stdout).toContain(`${batchId} · 2 of 5 runs failed`);
    const { stdout } = await cli.run(["show", runs[3] ?? ""], { cwd: folder.path });
    expect(stdout).toContain("exit 3");
    expect(await collecting.end("SIGINT")).toBe(0);
    expect(output.stderr).toBe("");
  });

  it("gives the next one the same key, and tells both where it prints objects", async () => {
    const first = await collect("--port", "0");
    expect(await first.end("SIGINT")).toBe(0);
    const second = await collect("--port", "0");
    expect(second.key).toBe(first.key);
    expect(first.key).toMatch(/^tk_[0-9a-f]{48}$/);
    expect(await second.end("SIGINT")).toBe(0);
    const child = cli.start(["collect", "--port", "0", "--json"], { cwd: folder.path });
    running.add(child);
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    expect(JSON.parse(line)).toMatchObject({
      type: "collect",
      env: { TRIGGER_API_URL: expect.stringContaining("http://127.0.0.1:"), TRIGGER_SECRET_KEY: first.key },
    });
  });

  it("that is killed loses no item, and the next one goes on with the batch and runs none twice", async () => {
    const words = ["--task", `slow=sleep 0.3; ${note}`, "--concurrency", "3"];
    const first = await collect("--port", "0", ...words);
    const port = new URL(first.url).port;
    const { batchId } = await first.client.tasks.batchTrigger("slow", items(12));
    await expect.poll(async () => (await noted()).length).toBeGreaterThan(2);
    expect(await first.end("SIGKILL")).toBe("SIGKILL");
    expect((await noted()).length).toBeLessThan(12);
    const second = await collect("--port", port, ...words);
    // The address and the key are the same: the client that had them goes on.
    await whenCompleted({ ...second, client: first.client }, batchId);
    expect(await noted()).toEqual(numbers(12));
    expect(second.output.stdout).toContain(batchId);
    expect(await second.end("SIGTERM")).toBe(0);
    const names = await readdir(folder.join(".tracekeeper", "traces", "batches"));
    expect(names.filter((name) => name.endsWith(".owner"))).toEqual([]);
    const log = folder.join(".tracekeeper", "traces", "batches", `${batchId}.batch.ndjson`);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  it("that ends in the middle of a batch leaves it to the next one, and its runs go on", async () => {
    const words = ["--task", `slow=sleep 0.3; ${note}`, "--concurrency", "2"];
    const first = await collect("--port", "0", ...words);
    const { batchId } = await first.client.tasks.batchTrigger("slow", items(6));
    await expect.poll(async () => (await noted()).length).toBeGreaterThan(0);
    expect(await first.end("SIGINT")).toBe(0);
    const second = await collect("--port", "0", ...words);
    await whenCompleted(second, batchId);
    expect(await noted()).toEqual(numbers(6));
    expect(await second.end("SIGINT")).toBe(0);
  });

  it.each([
    [["--task", "x"], "--task takes <name>=<command>"],
    [["--tasks", "missing.json"], "missing.json"],
    [["--concurrency", "0"], "--concurrency takes a whole number from 1 on"],
  ])("refuses %j", async (words, message) => {
    const { code, stderr } = await cli.run(["collect", ...words], { cwd: folder.path });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});
