import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCollector, whenCollectorEnds } from "../src/collector/presence";
import { type BuiltCli, buildCli } from "./support/builtCli";
import { makeTempDir } from "./support/tempDir";

/** One span as an exporter sends it. */
function request(conversation: string): string {
  const traceId = "5b8efff798038103d269b633813fc60c";
  const spans = [
    {
      traceId,
      spanId: "eee19b7ec3c1b174",
      name: "chat gpt-9",
      startTimeUnixNano: "1790000000000000000",
      endTimeUnixNano: "1790000001000000000",
      attributes: [{ key: "gen_ai.conversation.id", value: { stringValue: conversation } }],
    },
  ];
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

describe("tracekeeper collect", () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli.remove());

  /** Started, with what it says, line by line. */
  function start(words: readonly string[], cwd: string) {
    const child = cli.start(["collect", ...words], { cwd });
    const lines: string[] = [];
    const errors: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
    const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    return { child, lines, errors, ended };
  }

  it("tells where programs send, records what they send, and ends all sessions at Ctrl+C", async () => {
    await using folder = await makeTempDir();
    const { child, lines, ended } = start(["--port", "0", "--dir", "traces", "--json"], folder.path);
    await expect.poll(() => lines.length).toBe(1);
    const { url, port, directory } = JSON.parse(lines[0] ?? "") as { url: string; port: number; directory: string };
    expect({ url, directory }).toEqual({ url: `http://127.0.0.1:${port}`, directory: folder.join("traces") });
    expect(await findCollector(port)).toMatchObject({ pid: child.pid, directory });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${url}/v1/traces`, { method: "POST", headers, body: request("nightly") });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    await expect.poll(() => lines.length).toBe(2);
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ type: "session", title: "nightly" });
    const end = whenCollectorEnds(port, new AbortController().signal);
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    // It may have ended before the wait had begun.
    expect(["left", "lost"]).toContain(await end);
    const names = (await readdir(directory)).filter((name) => !name.startsWith("."));
    expect(names).toEqual([expect.stringMatching(/nightly\.json$/)]);
    const trace = JSON.parse(await readFile(folder.join("traces", names[0] ?? ""), "utf8")) as {
      summary: { status: string };
    };
    expect(trace.summary.status).toBe("completed");
  });

  it("says who has the port, and takes another one", async () => {
    await using folder = await makeTempDir();
    const first = start(["--port", "0", "--dir", "traces", "--json"], folder.path);
    await expect.poll(() => first.lines.length).toBe(1);
    const { port } = JSON.parse(first.lines[0] ?? "") as { port: number };
    const second = start(["--port", String(port), "--dir", "others"], folder.path);
    await expect.poll(() => second.lines.length).toBeGreaterThan(2);
    expect(second.errors).toEqual([
      `tracekeeper: port ${port} is taken by a collector that records into ${folder.join("traces")}, so another one is used`,
    ]);
    expect(second.lines[0]).toMatch(/^Collecting at http:\/\/127\.0\.0\.1:\d+ into .*others until Ctrl\+C\.$/);
    for (const { child, ended } of [first, second]) {
      child.kill("SIGTERM");
      await ended;
    }
  });

  it.each([
    [["--port", "70000"], /--port/],
    [["--idle", "soon"], /--idle/],
    [["now"], /now/],
  ])("refuses %j in one line", async (words, message) => {
    await using folder = await makeTempDir();
    const { code, stderr } = await cli.run(["collect", ...words], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
